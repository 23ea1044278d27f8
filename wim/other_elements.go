package wim

import "slices"

// typedElements are the elements of an IMAGE that [ImageInfo] has fields for.
var typedElements = []string{
	"NAME", "DESCRIPTION", "DISPLAYNAME", "DISPLAYDESCRIPTION", "FLAGS", "DIRCOUNT", "FILECOUNT", "TOTALBYTES",
	"HARDLINKBYTES", "CREATIONTIME", "LASTMODIFICATIONTIME", "WIMBOOT", "WINDOWS", "SERVICINGDATA",
}

// OtherElements are the elements of the image that i has no fields for, such as
// those of provisioning packages (.ppkg).
func (i *ImageInfo) OtherElements() []*Element {
	if i.Element == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(i.Element.Children), func(e *Element) bool {
		return slices.Contains(typedElements, e.Name)
	})
}
