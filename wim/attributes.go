package wim

// Attributes are the FILE_ATTRIBUTE_* bits of a dentry.
type Attributes uint32

const (
	AttributeReadOnly          Attributes = 0x1
	AttributeHidden            Attributes = 0x2
	AttributeSystem            Attributes = 0x4
	AttributeDirectory         Attributes = 0x10
	AttributeArchive           Attributes = 0x20
	AttributeDevice            Attributes = 0x40
	AttributeNormal            Attributes = 0x80
	AttributeTemporary         Attributes = 0x100
	AttributeSparseFile        Attributes = 0x200
	AttributeReparsePoint      Attributes = 0x400
	AttributeCompressed        Attributes = 0x800
	AttributeOffline           Attributes = 0x1000
	AttributeNotContentIndexed Attributes = 0x2000
	AttributeEncrypted         Attributes = 0x4000
)

// String shows the attributes as the letters that attrib and dir use, "-" for
// those that are not set: read-only, hidden, system, directory, archive,
// link (any reparse point), compressed, encrypted.
func (a Attributes) String() string {
	letters := []byte("rhsdalce")
	for i, bit := range []Attributes{AttributeReadOnly, AttributeHidden, AttributeSystem, AttributeDirectory,
		AttributeArchive, AttributeReparsePoint, AttributeCompressed, AttributeEncrypted} {
		if a&bit == 0 {
			letters[i] = '-'
		}
	}
	return string(letters)
}
