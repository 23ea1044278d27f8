package main

import "regexp"

// known are the disagreements that have a reason. Most are in the table of
// divergences of the WIM format sheet, section 15. Where a test pins what the
// library does, it is named.
var known = []struct {
	peer   string // "" for both
	side   string
	reason *regexp.Regexp
	why    string
	test   string
}{
	// What only wimble calls damage.
	{sevenZip, onlyWe, re(`integrity table`),
		"7-Zip does not look at the integrity table.", "TestHostileIntegrityTable"},
	{sevenZip, onlyWe, re(`^XML: `),
		"7-Zip reads images by the table alone; a broken document is a warning. wimble opens the file as well; Verify reports the document.", "TestHostileXML"},
	{sevenZip, onlyWe, re(`^blob table: metadata of N images|^header: boot index`),
		"7-Zip ignores the header's image count and boot index. wimble reads on and reports them.", "TestQuirkImageCount"},
	{sevenZip, onlyWe, re(`^header: (version|chunk size|flags)`),
		"7-Zip takes versions, chunk sizes and codec flags that no program writes, until a chunk needs them.", "TestQuirkVersionAndCodec, TestQuirkChunkSizes"},
	{sevenZip, onlyWe, re(`content is not in this WIM`),
		"7-Zip tests what the file has. An entry whose content is missing is a problem for wimble and wimlib.", "TestVerifyFindsDamage"},
	{sevenZip, onlyWe, re(`^image N: metadata: the root dentry`),
		"7-Zip shows a root that is no directory as a file.", "TestHostileMetadata"},
	{sevenZip, onlyWe, re(`could not be assigned to a solid resource|of a solid resource of|the content has SHA-N`),
		"An entry of zeros ends a solid run for wimble and wimlib. 7-Zip drops it first.", "TestSolidRuns"},
	{"", onlyWe, re(`^it is not a directory, its list of children|^a directory is shown empty|^a name that no file can have|^two entries of a directory|^security id -?N, the image has`),
		"The others drop entries whose names no file can have, lists of children that lie at odd places, and security ids that do not exist, and say nothing or warn. wimble shows what there is, and Verify reports it.",
		"TestVerifyFindsTreeDamage"},
	{"", onlyWe, re(`it is in part N of N: wim: part of the split set is missing`),
		"The header of a file that stands alone says that it is another part. The others do not look when they have the metadata.", "TestAddPart"},
	{wimlib, onlyWe, re(`input of N bytes ends early`),
		"wimlib reads zeros without end behind a chunk; if the content is zeros, it is right. wimble allows 32 bytes of them, 7-Zip none.", "TestZeroFill"},
	{sevenZip, onlyWe, re(`^part N (is compressed in another way|of |was given twice)|^part N: `),
		"7-Zip does not compare the parts of a set.", "TestAddPartRefusesWhatDoesNotBelong"},
	{sevenZip, onlyWe, re(`resources overlap others`),
		"7-Zip does not look for overlaps when the file has solid resources, and not among metadata.", "TestHostileOverlap"},
	{sevenZip, onlyWe, re(`compressed, in a file that names no compression`),
		"7-Zip reads what is marked as compressed and is not smaller, whatever the codec.", "TestHostileResource"},
	{sevenZip, onlyWe, re(`^image N: metadata: directory Q: `),
		"7-Zip tests the data, and shows what it could parse of a tree whose lists of children lie at odd places.", "TestHostileTreeShapes"},
	{sevenZip, onlyWe, re(`corrupt chunk`),
		"7-Zip does not test bytes of a solid resource that no blob has, or that a later chunk has.", "TestHostileSolidNeighbours"},
	{sevenZip, onlyWe, re(`limit exceeded`), "wimble's limits.", "TestLimits"},

	{wimlib, onlyWe, re(`^blob table: metadata of N images|^header: boot index`),
		"wimlib lowers the image count, or forgets the boot index, with a warning. wimble reads on and reports it.", "TestQuirkImageCount"},
	{wimlib, onlyWe, re(`resources overlap others`),
		"wimlib accepts overlaps. wimble reads them and reports what no writer makes.", "TestQuirkOverlap"},
	{wimlib, onlyWe, re(`nested more than N deep`),
		"wimlib 1.13 uses libxml2, whose limit is higher; 1.14 has the limit that wimble has.", "TestHostileXML"},
	{wimlib, onlyWe, re(`(XML|blob table): (stored raw in N bytes, but has N|N bytes at offset N lie outside|N bytes, the limit)`),
		"wimlib goes by the uncompressed size and does not look at the stored size. wimble refuses a header that contradicts itself.", "TestHostileTableSize, TestHostileXMLSize"},
	{wimlib, onlyWe, re(`^integrity table of part N: N bytes(, N uncompressed| at offset N lie outside)`),
		"wimlib goes by one of the two sizes of the integrity table. wimble refuses those that contradict each other.", "TestHostileIntegrityTable"},
	{wimlib, onlyWe, re(`^part N (of (another set|N parts)|was given twice)`),
		"wimlib takes any file as a source of blobs. wimble refuses parts that do not belong.", "TestAddPartRefusesWhatDoesNotBelong"},
	{wimlib, onlyWe, re(`^part N is compressed`),
		"As above: a part of another codec.", "TestAddPartRefusesWhatDoesNotBelong"},
	{wimlib, onlyWe, re(`^pipable file without a header at its end`),
		"wimlib does not look at the magic of the last header.", "TestHostileFileTooShort"},
	{wimlib, onlyWe, re(`its chunks have N bytes together|solid resource at offset N of part N: N bytes at offset N lie outside`),
		"wimlib takes the size of a solid resource from its chunks, and does not compare it with the table's.", "TestHostileSolidHeader"},
	{wimlib, onlyWe, re(`solid resource at offset N of part N: (codec|chunk)`),
		"wimlib reads the header of a solid resource only when a blob in it is needed.", "TestHostileSolidHeader"},
	{wimlib, onlyWe, re(`could not be assigned to a solid resource|of a solid resource of N bytes|the content has SHA-N`),
		"wimlib does not look at the part number of a solid resource. For wimble the resource is then in another part.", "TestSolidSplitForms"},
	{wimlib, onlyWe, re(`blob N: N bytes at offset N lie outside`),
		"wimlib keeps 32 bits of a chunk's size, and does not see a resource of 2^32 bytes more.", "TestHostileOffsetsBeyond32Bits"},
	{wimlib, onlyWe, re(`^image N: metadata: (root|directory Q): dentry at offset N|^image N: metadata: security data`),
		"Lengths that wrap to 0 when they are rounded up are the end of a directory, or no security data, for wimlib.", "TestHostileMetadata"},
	{wimlib, onlyWe, re(`list of children at offset N( runs beyond|:)`),
		"wimlib drops entries without a name before it looks at their children, and reads lists that do not begin at a multiple of 8.", "TestHostileTreeShapes"},
	{wimlib, onlyWe, re(`^header: flags`),
		"wimlib takes the first of several codecs.", "TestHostileHeader"},
	{wimlib, onlyWe, re(`list of children at offset N overlaps`),
		"wimlib reads a list that lies inside of another one again, without bound but for the depth.", "TestQuirkSharedSubtree"},
	{wimlib, onlyWe, re(`content is not in this WIM`),
		"wimlib drops entries without a name, and with NUL or dots for a name, before it looks for their content.", "TestHostileNames"},
	{wimlib, onlyWe, re(`limit exceeded`), "wimble's limits; for reparse data it is what Windows allows.", "TestLimits"},

	// What only the other program calls damage.
	{sevenZip, onlyThey, re(`^Cannot open the file as archive$`),
		"7-Zip refuses flags that it does not know in the resource headers of the blob table and the XML.", "TestQuirkReservedFields"},
	{sevenZip, onlyThey, re(`Cannot open the file as|Is not archive`),
		"7-Zip rejects the whole file: for a hash that repeats, overlaps, a table that is no multiple of 50 bytes, a boot metadata header that is not the image's, unaligned lengths, NUL in names, wrong security sizes. wimble reads what is sound.",
		"TestQuirkHashTwice, TestQuirkOverlap, TestHostileTableRemainder, TestQuirkBootMetadata, TestQuirkUnalignedLengths, TestQuirkSecurityTotal"},
	{sevenZip, onlyThey, re(`Headers Error`),
		"7-Zip counts gaps in the metadata, zero hashes and odd security ids as errors in headers. wimble warns, or they mean nothing.", "TestHostileDentryFields, TestQuirkEndOfDirectory"},
	{sevenZip, onlyThey, re(`Unexpected end of archive`),
		"7-Zip looks at the ends of resources that wimble does not need: boot metadata, integrity table, XML.", "TestQuirkBootMetadata, TestQuirkIntegrityPlace"},
	{sevenZip, onlyThey, re(`Data Error|Unsupported Method|Unavailable`),
		"7-Zip tests blobs that no image uses, solid entries whose uncompressed size is not 0, and goes on without a part it cannot open.", "TestQuirkReferenceCounts, TestAddPart"},
	{sevenZip, onlyThey, re(`incorrect reference count`),
		"7-Zip warns of reference counts; for wimble they are notes.", "TestVerifyNotesReferenceCounts"},
	{sevenZip, onlyThey, re(`signal`),
		"7-Zip 26.02 crashes.", ""},
	{wimlib, onlyThey, re(`The XML data of the WIM is invalid|Inconsistent image count|exit status 73`),
		"wimlib refuses the file. wimble needs the XML for names only; odd images in it that change nothing are warnings.", "TestQuirkXML, TestQuirkImageCount"},
	{wimlib, onlyThey, re(`failed verification.*was missing`),
		"wimlib wants the content of a directory's unnamed stream, which directories do not have.", "TestQuirkDirectoryWithStream"},
	{wimlib, onlyThey, re(`Unexpectedly reached the end of the file`),
		"wimlib reads the XML of every part. wimble needs that of the first.", "TestAddPart"},
	{wimlib, onlyThey, re(`integrity table is invalid`),
		"A header for an integrity table of 0 bytes with an offset. For wimble 0 bytes are no table.", "TestIntegrityOfNothing"},
	{wimlib, onlyThey, re(`compression chunk size|Ran out of memory|invalid compressed data`),
		"wimlib decodes tables that are marked as compressed and are of one piece. For wimble a chunk that is not smaller is stored raw, as everywhere.", "TestQuirkCompressedTables"},
	{wimlib, onlyThey, re(`lookup table is invalid`),
		"wimlib refuses a table that is marked as solid, and entries of a run that it cannot place.", "TestHostileSolidBlobs"},

	// What both find good and see differently.
	{wimlib, content, re(`more entries than wimlib|names differ|cannot be told apart`),
		"wimlib drops entries without a name, with the name of another one, and with NUL, dots or slashes for a name. wimble shows each under a name of its own.", "TestHostileNames, TestHostileDuplicateNames"},
	{wimlib, content, re(`no listing`),
		"wimlib does not list an image without a root, or whose root it drops.", "TestEmptyImage"},
	{wimlib, content, re(`fewer entries than wimlib`),
		"wimlib reads a directory again that two entries share. wimble shows it once.", "TestQuirkSharedSubtree"},
	{wimlib, content, re(`attributes or streams differ`),
		"wimlib lists the content of encrypted files as a stream of another kind, and the attributes of one name of a hard link for all of them.", "TestQuirkEncryptedFile, TestQuirkHardLinkIDs"},
	{sevenZip, content, re(`content that 7-Zip does not list`),
		"7-Zip lists one stream of an entry without the others' hashes, and not the entries of directories that it drops.", "TestQuirkUnnamedStreamPlace"},
}

func re(pattern string) *regexp.Regexp { return regexp.MustCompile(pattern) }

// explain says why a program differs, "" if that is not known.
func explain(c class) string {
	for _, k := range known {
		if (k.peer == "" || k.peer == c.peer) && k.side == c.side && k.reason.MatchString(c.reason) {
			if k.test != "" {
				return k.why + " (" + k.test + ")"
			}
			return k.why
		}
	}
	return ""
}
