package inventory

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/wimble-go/wimble/internal/wintree"
	"github.com/wimble-go/wimble/winver"
)

// Driver is a driver package of the driver store.
type Driver struct {
	Published string `json:"published"` // name in Windows\INF: "oem4.inf", or an inbox one
	Original  string `json:"original"`  // name of the INF file as it was delivered
	Folder    string `json:"folder"`    // below System32\DriverStore\FileRepository

	Provider  string    `json:"provider"`
	Class     string    `json:"class,omitempty"` // "Net", "SCSIAdapter"
	ClassGUID string    `json:"class_guid,omitempty"`
	Date      time.Time `json:"date,omitzero"` // of the driver's version, a day in UTC
	Version   string    `json:"version,omitempty"`

	// Architecture is Windows' number: 9 for x64, 0 for x86, 12 for ARM64. It
	// is nil if the version could not be read.
	Architecture *uint16 `json:"architecture,omitempty"`

	// Inbox says that the driver came with Windows. The others are from third
	// parties; only they are what DISM lists if not told otherwise.
	Inbox bool `json:"inbox"`

	// BootCritical says that the driver is in the SYSTEM hive, whose drivers
	// are there when Windows boots.
	BootCritical bool `json:"boot_critical"`

	// Signer and SignerScore are what was recorded when the driver was added.
	// Nothing here checks a signature.
	Signer      string    `json:"signer,omitempty"`
	SignerScore *uint32   `json:"signer_score,omitempty"`
	Imported    time.Time `json:"imported,omitzero"`
	Catalog     string    `json:"catalog,omitempty"`
	StatusFlags *uint32   `json:"status_flags,omitempty"`
	Sources     []Source  `json:"sources"`
}

// SignedAs puts the recorded score of a signature in words; it is empty for an
// unknown one.
func (d *Driver) SignedAs() string {
	if d.SignerScore == nil {
		return ""
	}
	switch score := *d.SignerScore; {
	case score&(1<<31) != 0:
		return "unsigned"
	case score == 0x0D000003:
		return "inbox"
	case score == 0x0D000005:
		return "WHQL"
	case score == 0x0F000000:
		return "Authenticode"
	}
	return ""
}

const (
	maxDrivers = 65536
	maxClasses = 4096

	driverDatabase = "DriverDatabase"
)

// readDrivers reads the driver packages of a hive. It returns false if it has
// no database of drivers.
func (r *reader) readDrivers(h *hive, bootCritical bool) bool {
	if _, err := h.Key(driverDatabase); err != nil {
		return false
	}
	const path = driverDatabase + `\DriverPackages`
	h.with(path, func(k *key) {
		for sub := range k.subkeys {
			if len(r.drivers) == maxDrivers {
				r.note("drivers", fmt.Sprintf("only the first %d are listed", maxDrivers))
				return
			}
			d := Driver{Folder: sub.Name()}
			d.read(sub)
			d.BootCritical = bootCritical || sub.is("bootcritical", 1)
			d.Sources = []Source{h.source(path, sub.err)}
			folded := strings.ToLower(d.Folder)
			if known := r.drivers[folded]; known != nil { // in both hives
				known.BootCritical = known.BootCritical || d.BootCritical
				known.Sources = append(known.Sources, d.Sources...)
				continue
			}
			if r.drivers == nil {
				r.drivers = make(map[string]*Driver)
			}
			r.drivers[folded] = &d
		}
	})
	return true
}

// folderName is the name of a driver package: the INF file, the architecture,
// 16 hex digits.
var folderName = regexp.MustCompile(`(?i)^(.+\.inf)_[a-z0-9]+_[0-9a-f]{16}$`)

// oemName is the name that Windows gives INF files of third parties. Tools that
// add drivers to an image name them otherwise.
var oemName = regexp.MustCompile(`(?i)^oem[0-9]*[-.]`)

// read reads the key of a driver package.
func (d *Driver) read(k *key) {
	d.Published, d.Original = k.text(""), k.text("infname")
	if m := folderName.FindStringSubmatch(d.Folder); m != nil && d.Original == "" {
		d.Original = m[1]
	}
	d.Provider, d.Signer, d.Catalog = k.text("provider"), k.text("signername"), k.text("catalog")
	d.SignerScore, d.StatusFlags = k.number("signerscore"), k.number("statusflags")
	if date := k.data("importdate"); len(date) == 8 {
		d.Imported = filetime(binary.LittleEndian.Uint64(date))
	}
	d.Inbox = !oemName.MatchString(d.Published)
	if err := d.readVersion(k.data("version")); err != nil {
		k.keep(err)
	}
}

// readVersion reads the value Version of a driver package, 48 bytes:
//
//	 0  u8   0xFF for inbox drivers, 0 for those of third parties; u8 0xFF
//	 2  u16  architecture; u32 0
//	 8  GUID of the class
//	24  FILETIME of the date
//	32  four u16, the last number of the version first
//	40  8 bytes of unknown meaning
func (d *Driver) readVersion(b []byte) error {
	if len(b) != 48 {
		return wintree.OfKind(fmt.Errorf("value Version has %d bytes, where 48 are", len(b)), winver.ErrFormat)
	}
	switch b[0] {
	case 0xFF:
		d.Inbox = true
	case 0:
		d.Inbox = false
	default:
		return wintree.OfKind(errors.New("value Version does not begin with 0 or 0xFF"), winver.ErrFormat)
	}
	u16 := func(at int) uint16 { return binary.LittleEndian.Uint16(b[at:]) }
	architecture := u16(2)
	d.Architecture = &architecture
	d.ClassGUID = guid(b[8:24])
	d.Date = filetime(binary.LittleEndian.Uint64(b[24:]))
	d.Version = fmt.Sprintf("%d.%d.%d.%d", u16(38), u16(36), u16(34), u16(32))
	return nil
}

// guid puts the 16 bytes of a GUID as text, in lower case and braces.
func guid(b []byte) string {
	return fmt.Sprintf("{%08x-%04x-%04x-%x-%x}", binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint16(b[4:]),
		binary.LittleEndian.Uint16(b[6:]), b[8:10], b[10:16])
}

// readClasses reads the names of driver classes from the SYSTEM hive.
func (r *reader) readClasses(h *hive, path string) {
	r.classes = make(map[string]string)
	h.with(path, func(k *key) {
		for sub := range k.subkeys {
			if name := sub.text("class"); name != "" {
				r.classes[strings.ToLower(sub.Name())] = name
			}
			if len(r.classes) == maxClasses {
				break
			}
		}
	})
}

// readDriversHive reads the hive that has all drivers but those that booting
// needs, and makes the list of drivers.
func (r *reader) readDriversHive() {
	r.withHive(r.systemFile("System32/config/DRIVERS"), func(h *hive) {
		if r.readDrivers(h, false) {
			r.driverHives++
		}
	})
	if r.driverHives == 0 {
		r.note("drivers", "no hive has a database of drivers: Windows 8 and later have one")
	}
	for _, d := range r.drivers {
		d.Class = r.classes[d.ClassGUID]
		r.inventory.Drivers = append(r.inventory.Drivers, *d)
	}
	slices.SortFunc(r.inventory.Drivers, func(a, b Driver) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Folder), strings.ToLower(b.Folder)), strings.Compare(a.Folder, b.Folder))
	})
}
