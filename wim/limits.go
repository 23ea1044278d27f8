package wim

// Limits bound what reading a file may cost. A field that is 0, or negative,
// has its default.
type Limits struct {
	// XML is the size of the XML document as stored. Default 64 MiB.
	XML int64
	// BlobTable is the size of a part's blob table. Default 512 MiB, which is
	// 10 million blobs.
	BlobTable int64
	// Metadata is the size of one image's metadata. Default 256 MiB: a million
	// files with the long names of the component store. 300,000 take 68 MB.
	Metadata int64
	// ChunkSize is the size of an LZMS chunk: to read any byte of a chunk the
	// whole chunk has to be in memory. Default 64 MiB, which is what Microsoft
	// uses; the format allows 1 GiB.
	ChunkSize int64
	// ChunkCache is how many bytes of decoded chunks are kept for random
	// access and for files that share chunks. Default 256 MiB for files with
	// solid resources, which is four chunks as Microsoft makes them, and 16 MiB
	// for others. The chunk that was used last is always kept.
	ChunkCache int64
}

const (
	defaultXMLLimit       = 64 << 20
	defaultBlobTableLimit = 512 << 20
	defaultMetadataLimit  = 256 << 20
	defaultChunkLimit     = 64 << 20
	defaultCache          = 16 << 20
	defaultSolidCache     = 256 << 20
)

func (l *Limits) setDefaults() {
	for _, d := range []struct {
		limit *int64
		value int64
	}{{&l.XML, defaultXMLLimit}, {&l.BlobTable, defaultBlobTableLimit}, {&l.Metadata, defaultMetadataLimit}, {&l.ChunkSize, defaultChunkLimit}} {
		if *d.limit <= 0 {
			*d.limit = d.value
		}
		*d.limit = min(*d.limit, maxInt)
	}
}

const maxInt = int64(^uint(0) >> 1)
