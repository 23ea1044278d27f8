package inventory

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// Machine is what a Windows says about itself and the machine that it was on.
// In an image, names are those of the machine that it was captured from, or are
// made up until the first boot.
type Machine struct {
	ComputerName string `json:"computer_name"`
	Hostname     string `json:"hostname"`
	Domain       string `json:"domain,omitempty"`
	Architecture string `json:"architecture"` // as Windows calls it: "AMD64", "x86", "ARM64"

	EditionID            string `json:"edition"`
	CompositionEditionID string `json:"composition_edition,omitempty"` // the edition whose content it is
	InstallationType     string `json:"installation_type"`
	ProductType          string `json:"product_type"`

	// What DISM /Get-Intl prints. Locales are tags where one is known for the
	// identifier, and else the identifier's hex digits.
	UILanguage   string   `json:"ui_language"` // default system UI language
	SystemLocale string   `json:"system_locale"`
	UserLocale   string   `json:"user_locale,omitempty"` // of new users
	Keyboards    []string `json:"keyboards,omitempty"`   // of new users, such as "00000409"
	TimeZone     string   `json:"time_zone"`             // key name, such as "W. Europe Standard Time"
	Bias         *int32   `json:"bias,omitempty"`        // minutes: UTC = local time + Bias

	// ControlSet is the number of the control set that the next boot takes,
	// from which all facts of the SYSTEM hive are; Select is what the hive
	// says.
	ControlSet uint32 `json:"control_set"`
	Select     Select `json:"select"`

	Setup Setup `json:"setup"`

	Sources []Source `json:"sources"`
}

// Select is which control sets a SYSTEM hive has, by number. Nil is for what it
// does not say.
type Select struct {
	Current       *uint32 `json:"current,omitempty"`
	Default       *uint32 `json:"default,omitempty"`
	Failed        *uint32 `json:"failed,omitempty"`
	LastKnownGood *uint32 `json:"last_known_good,omitempty"`
}

// Setup is how far the setup of a Windows has come.
type Setup struct {
	ImageState     string   `json:"image_state,omitempty"` // such as "IMAGE_STATE_COMPLETE"
	InProgress     *uint32  `json:"in_progress,omitempty"` // 1 while setup runs at boot
	OOBEInProgress *uint32  `json:"oobe_in_progress,omitempty"`
	SetupType      *uint32  `json:"setup_type,omitempty"`
	CloneTag       []string `json:"clone_tag,omitempty"`     // when the original image was made
	UpgradedFrom   []string `json:"upgraded_from,omitempty"` // keys "Source OS (Updated on ...)"
}

const maxControlSet = 999

// How many records of their kind count.
const (
	maxUpgrades  = 64
	maxKeyboards = 64
)

// readSystem reads what the SYSTEM hive tells, and the default user's.
func (r *reader) readSystem() {
	r.withHive(r.systemFile("System32/config/SYSTEM"), func(h *hive) {
		m := &r.inventory.Machine
		m.ControlSet = 1
		h.with("Select", func(k *key) {
			m.Select = Select{k.number("current"), k.number("default"), k.number("failed"), k.number("lastknowngood")}
			for _, set := range []*uint32{m.Select.Default, m.Select.Current} {
				if set != nil && *set > 0 && *set <= maxControlSet {
					m.ControlSet = *set
					break
				}
			}
		})
		set := fmt.Sprintf("ControlSet%03d", m.ControlSet)
		m.Sources = append(m.Sources, h.source(set, nil))
		r.readControl(h, set+`\Control\`)
		h.with(set+`\Services\Tcpip\Parameters`, func(k *key) {
			m.Hostname, m.Domain = k.text("nv hostname"), k.text("nv domain")
			if m.Domain == "" {
				m.Domain = k.text("domain")
			}
		})
		r.markControl(h, set)
		r.readClasses(h, set+`\Control\Class`)
		if r.readDrivers(h, true) {
			r.driverHives++
		}
		h.with("Setup", func(k *key) { m.Setup.read(k) })
	})
	r.readDefaultUser()
}

func (r *reader) readControl(h *hive, control string) {
	m := &r.inventory.Machine
	h.with(control+"ProductOptions", func(k *key) { m.ProductType = k.text("producttype") })
	h.with(control+`ComputerName\ComputerName`, func(k *key) { m.ComputerName = k.text("computername") })
	h.with(control+`Session Manager\Environment`, func(k *key) { m.Architecture = k.text("processor_architecture") })
	h.with(control+"TimeZoneInformation", func(k *key) {
		m.TimeZone = k.text("timezonekeyname")
		if bias := k.number("bias"); bias != nil {
			minutes := int32(*bias)
			m.Bias = &minutes
		}
	})
	h.with(control+`MUI\UILanguages`, func(k *key) { r.readLanguages(h, control+`MUI\UILanguages`, k) })
	h.with(control+`Nls\Language`, func(k *key) {
		m.UILanguage, m.SystemLocale = r.languageTag(k.text("installlanguage")), r.languageTag(k.text("default"))
	})
	for i := range r.inventory.Languages {
		l := &r.inventory.Languages[i]
		l.Default = strings.EqualFold(l.Tag, m.UILanguage)
	}
}

func (s *Setup) read(k *key) {
	s.InProgress, s.OOBEInProgress, s.SetupType = k.number("systemsetupinprogress"), k.number("oobeinprogress"), k.number("setuptype")
	if v := k.value("clonetag", maxText); v != nil {
		var err error
		if s.CloneTag, err = v.Texts(); err != nil {
			k.failed("clonetag", err)
		}
	}
	for sub := range k.subkeys {
		if name := sub.Name(); strings.HasPrefix(name, "Source OS (") {
			if s.UpgradedFrom = append(s.UpgradedFrom, name); len(s.UpgradedFrom) == maxUpgrades {
				break
			}
		}
	}
}

// readDefaultUser reads what new users get: from the profile that theirs is
// copied from, or else from that of the system.
func (r *reader) readDefaultUser() {
	name := "Users/Default/NTUSER.DAT"
	if _, err := r.Find(name); err != nil {
		name = r.systemFile("System32/config/DEFAULT")
		if _, err := r.Find(name); err != nil {
			return
		}
	}
	m := &r.inventory.Machine
	r.withHive(name, func(h *hive) {
		m.Sources = append(m.Sources, h.source(`Control Panel\International`, nil))
		h.with(`Control Panel\International`, func(k *key) { m.UserLocale = k.text("localename") })
		h.with(`Keyboard Layout\Preload`, func(k *key) {
			for i := 1; i <= maxKeyboards; i++ {
				layout := k.text(strconv.Itoa(i))
				if layout == "" {
					break
				}
				m.Keyboards = append(m.Keyboards, layout)
			}
		})
	})
}

func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }
