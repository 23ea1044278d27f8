package winver

import (
	"slices"
	"strings"
)

// Release is a row of Microsoft's lists of releases: a build as one product.
// Several products may be one build: 17763 is Windows 10 version 1809, Windows
// 10 Enterprise LTSC 2019, Windows Server 2019 and Windows Server, version
// 1809.
type Release struct {
	Build    uint32  `json:"build"`
	Product  string  `json:"product"`  // "Windows 10", "Windows Server 2019"
	Version  string  `json:"version"`  // "1909", "22H2", "SP1"
	Codename string  `json:"codename"` // "19H2"
	Channel  Channel `json:"channel"`

	Available Date `json:"available"` // general availability

	// The last days of service, without what is paid extra (ESU). Zero is
	// unknown; Home and Pro are missing where the product has no such editions.
	// For LTSC and servers, Enterprise is the end of extended support.
	EndHomePro    Date `json:"end_of_service_home_pro,omitzero"`
	EndEnterprise Date `json:"end_of_service_enterprise,omitzero"`

	// BaseBuild is the build whose packages the release is serviced with. It
	// differs from Build for releases that an enablement package switches on
	// over another: 18363 (1909) is 18362 (1903) with other registry values.
	BaseBuild    uint32 `json:"base_build"`
	EnablementKB KB     `json:"enablement_kb,omitzero"`
}

// Channel says to whom a release is given, and for how long.
type Channel string

const (
	ChannelClient       Channel = "client"        // Home, Pro, Enterprise, Education
	ChannelLTSC         Channel = "ltsc"          // Enterprise, long-term servicing (formerly LTSB)
	ChannelIoTLTSC      Channel = "iot-ltsc"      // IoT Enterprise, long-term servicing
	ChannelServer       Channel = "server"        // long-term servicing
	ChannelServerAnnual Channel = "server-annual" // "Windows Server, version 1809": semi-annual and annual
)

var channels = []Channel{ChannelClient, ChannelLTSC, ChannelIoTLTSC, ChannelServer, ChannelServerAnnual}

func (c Channel) isServer() bool { return c == ChannelServer || c == ChannelServerAnnual }

// String returns product and version, such as "Windows 10 1909" and "Windows
// Server 2019". Servers and long-term releases have the year in their names,
// and what is the first of its name needs no "RTM".
func (r Release) String() string {
	if r.Channel == ChannelClient && r.Version != "RTM" || strings.HasPrefix(r.Version, "SP") {
		return r.Product + " " + r.Version
	}
	return r.Product
}

// EndOfService returns the last day on which an edition is serviced; for an
// unknown edition, the last day for any. Zero is unknown.
func (r Release) EndOfService(e Edition) Date {
	switch {
	case r.EndHomePro.IsZero():
		return r.EndEnterprise
	case e.isHomeOrPro():
		return r.EndHomePro
	case e.isEnterprise():
		return r.EndEnterprise
	}
	if r.EndHomePro.Compare(r.EndEnterprise) > 0 && !r.EndEnterprise.IsZero() {
		return r.EndHomePro
	}
	return r.EndEnterprise
}

// Edition is what tells the products that share a build from each other. The
// zero value is an unknown edition; each field may be unknown alone.
type Edition struct {
	ID               string // the registry's EditionID: "Professional", "EnterpriseS", "ServerStandard"
	InstallationType string // "Client", "Server", "Server Core", "WindowsPE"
	ProductType      string // "WinNT", "ServerNT", or "LanmanNT" for a domain controller
}

// isPE says whether the edition is a preinstallation environment, which belongs
// to no product.
func (e Edition) isPE() bool {
	return strings.EqualFold(e.InstallationType, "WindowsPE") || strings.EqualFold(e.ID, "WindowsPE")
}

func (e Edition) isServer() bool {
	switch kind := strings.ToLower(e.InstallationType); {
	case strings.HasPrefix(kind, "server"), kind == "nano server":
		return true
	case kind == "client", strings.EqualFold(e.ID, "ServerRdsh"):
		return false // ServerRdsh is Windows 10 Enterprise for many users at once
	}
	return hasPrefixFold(e.ID, "Server") || strings.EqualFold(e.ProductType, "ServerNT") || strings.EqualFold(e.ProductType, "LanmanNT")
}

// isClient is not the reverse of isServer: both are false for what is unknown.
func (e Edition) isClient() bool {
	return !e.isServer() && !e.isPE() &&
		(e.ID != "" || strings.EqualFold(e.InstallationType, "Client") || strings.EqualFold(e.ProductType, "WinNT"))
}

// isHomeOrPro says whether the edition has the shorter of the two terms. Home
// is called Core.
func (e Edition) isHomeOrPro() bool {
	return hasPrefixFold(e.ID, "Core") || hasPrefixFold(e.ID, "Professional")
}

func (e Edition) isEnterprise() bool {
	return hasPrefixFold(e.ID, "Enterprise") || hasPrefixFold(e.ID, "Education") ||
		hasPrefixFold(e.ID, "IoTEnterprise") || strings.EqualFold(e.ID, "ServerRdsh")
}

// longTerm returns whether the edition is serviced for long, and for IoT.
func (e Edition) longTerm() (ltsc, iot bool) {
	id := strings.ToLower(e.ID)
	id, iot = strings.CutPrefix(id, "iot")
	rest, ok := strings.CutPrefix(id, "enterprises")
	return ok && slices.Contains([]string{"", "n", "k", "eval", "neval"}, rest), iot
}

// narrow leaves of releases what the edition can be. Where that would be
// nothing, the edition is an odd one, and all stay.
func (e Edition) narrow(releases []Release) []Release {
	var fits func(Channel) bool
	ltsc, iot := e.longTerm()
	has := func(c Channel) bool {
		return slices.ContainsFunc(releases, func(r Release) bool { return r.Channel == c })
	}
	switch {
	case e.isServer():
		fits = Channel.isServer
		if has(ChannelServer) && has(ChannelServerAnnual) {
			// The annual ones are Core only and have editions of their own:
			// ServerStandardACor, ServerDatacenterACor.
			if annual := strings.HasSuffix(strings.ToLower(e.ID), "acor"); annual {
				fits = func(c Channel) bool { return c == ChannelServerAnnual }
			} else if e.ID != "" || strings.EqualFold(e.InstallationType, "Server") {
				fits = func(c Channel) bool { return c == ChannelServer }
			}
		}
	case !e.isClient():
		return releases
	case e.ID == "":
		fits = func(c Channel) bool { return !c.isServer() }
	case ltsc && iot && has(ChannelIoTLTSC):
		fits = func(c Channel) bool { return c == ChannelIoTLTSC }
	case ltsc:
		fits = func(c Channel) bool { return c == ChannelLTSC }
	default:
		fits = func(c Channel) bool { return c == ChannelClient }
	}
	return ofChannels(releases, fits)
}

// ofChannels leaves of releases those whose channel fits. Where none does, all
// stay.
func ofChannels(releases []Release, fits func(Channel) bool) []Release {
	var left []Release
	for _, r := range releases {
		if fits(r.Channel) {
			left = append(left, r)
		}
	}
	if left == nil {
		return releases
	}
	return left
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
