package regf_test

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wimble-go/wimble/internal/regf"
	"github.com/wimble-go/wimble/internal/regf/regftest"
)

func open(t *testing.T, data []byte) *regf.Hive {
	t.Helper()
	h, err := regf.Open(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	return h
}

func value(t *testing.T, h *regf.Hive, path, name string) *regf.Value {
	t.Helper()
	k, err := h.Key(path)
	require.NoError(t, err)
	v, err := k.Value(name)
	require.NoError(t, err)
	return v
}

// The hive was written by hivex from testdata/software.reg, where the expected
// values can be read.
func TestHiveOfHivex(t *testing.T) {
	data, err := os.ReadFile("testdata/software.hive")
	require.NoError(t, err)
	h := open(t, data)
	require.False(t, h.Dirty())

	const version = `Microsoft\Windows NT\CurrentVersion`
	for name, want := range map[string]string{
		"": "the default value", "CurrentBuild": "18363", "ProductName": "Windows 10 Pro", "PathName": "%SystemRoot%",
		"NoEnd": "ab", "OddSize": "ab", "AfterNul": "a",
	} {
		got, err := value(t, h, version, name).Text()
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
	}
	for name, want := range map[string]uint32{"UBR": 1139, "CurrentMajorVersionNumber": 10, "CurrentMinorVersionNumber": 0, "BigEndian": 1139} {
		got, err := value(t, h, version, name).Uint32()
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
	}
	texts, err := value(t, h, version, "ThreeWords").Texts()
	require.NoError(t, err)
	require.Equal(t, []string{"one", "two", "three"}, texts)
	number, err := value(t, h, version, "InstallTime").Uint64()
	require.NoError(t, err)
	require.Equal(t, uint64(0x01d58b3107a9f400), number)
	bytes, err := value(t, h, version, "Bytes").Data()
	require.NoError(t, err)
	require.Equal(t, []byte{1, 2, 3, 4, 5}, bytes)

	text, err := value(t, h, `größe\σίσυφος`, "überSCHRIFT").Text()
	require.NoError(t, err)
	require.Equal(t, "ÄÖÜ", text)
	text, err = value(t, h, `Deep\1\2\3\4\5\6\7\8\9\10\11\12`, "Bottom").Text()
	require.NoError(t, err)
	require.Equal(t, "reached", text)
	for i := 100; i < 140; i++ {
		n, err := value(t, h, fmt.Sprintf(`MANY\key %d`, i), "NUMBER").Uint32()
		require.NoError(t, err)
		require.Equal(t, uint32(i), n)
	}

	_, err = h.Key(`Microsoft\Windows 95`)
	require.ErrorIs(t, err, regf.ErrNotFound)
	require.NotErrorIs(t, err, regf.ErrCorrupt)
	k, err := h.Key(version)
	require.NoError(t, err)
	_, err = k.Value("UBR2")
	require.ErrorIs(t, err, regf.ErrNotFound)
}

func TestTypes(t *testing.T) {
	root := &regftest.Key{Name: "ROOT"}
	root.Set(regftest.SZ("text", "x"), regftest.DWORD("number", 7), regftest.Value{Name: "short", Type: 4, Data: []byte{1, 2}},
		regftest.Value{Name: "short64", Type: 11, Data: []byte{1, 2}}, regftest.Value{Name: "odd", Type: 77})
	h := open(t, regftest.Build(root, regftest.Options{}))
	k, err := h.Root()
	require.NoError(t, err)
	get := func(name string) *regf.Value {
		v, err := k.Value(name)
		require.NoError(t, err)
		return v
	}
	_, err = get("text").Uint32()
	require.ErrorIs(t, err, regf.ErrType)
	require.ErrorContains(t, err, "REG_SZ instead of a 32-bit number")
	_, err = get("text").Uint64()
	require.ErrorIs(t, err, regf.ErrType)
	_, err = get("text").Texts()
	require.ErrorIs(t, err, regf.ErrType)
	_, err = get("number").Text()
	require.ErrorIs(t, err, regf.ErrType)
	_, err = get("short").Uint32()
	require.ErrorIs(t, err, regf.ErrCorrupt)
	_, err = get("short64").Uint64()
	require.ErrorIs(t, err, regf.ErrCorrupt)
	require.Equal(t, "type 77", get("odd").Type().String())

	for name, want := range map[string][]string{
		"a\x00b\x00\x00": {"a", "b"}, "a\x00b\x00": {"a", "b"}, "a\x00b": {"a", "b"}, "": nil, "\x00\x00": nil,
		"a\x00\x00b\x00\x00": {"a", "", "b"}, "\x00a\x00\x00": {"", "a"}, "a\x00\x00\x00\x00": {"a"},
	} {
		root := (&regftest.Key{Name: "ROOT"}).Set(regftest.Value{Name: "texts", Type: 7, Data: regftest.Text(name)},
			regftest.Value{Name: "text", Type: 1, Data: regftest.Text("\x00" + name)})
		k, err := open(t, regftest.Build(root, regftest.Options{})).Root()
		require.NoError(t, err)
		v, err := k.Value("texts")
		require.NoError(t, err)
		got, err := v.Texts()
		require.NoError(t, err)
		require.Equal(t, want, got, "%q", name)
		v, err = k.Value("text")
		require.NoError(t, err)
		text, err := v.Text()
		require.NoError(t, err)
		require.Empty(t, text)
	}
}

// variants are all that regftest can write.
var variants = map[string]regftest.Options{
	"lf": {List: "lf"}, "lh": {List: "lh"}, "li": {List: "li"}, "ri": {List: "ri"},
	"wide names": {Wide: true}, "version 1.3": {Minor: 3}, "version 1.6": {Minor: 6},
}

// everything is a hive with all that there is.
func everything() *regftest.Key {
	root := &regftest.Key{Name: "ROOT"}
	root.At(`Microsoft\Windows NT\CurrentVersion`).Set(
		regftest.SZ("", "default"), regftest.SZ("CurrentBuild", "18363"), regftest.DWORD("UBR", 1139),
		regftest.QWORD("InstallTime", 0x01d58b3107a9f400), regftest.ExpandSZ("PathName", "%SystemRoot%"),
		regftest.MultiSZ("Words", "one", "zwei", "три"), regftest.Binary("None", nil), regftest.Binary("Four", []byte("1234")),
		regftest.Binary("Five", []byte("12345")),
		// At the edges of what is big: one cell, and two and three segments.
		regftest.Binary("Cell", pattern(16344)), regftest.Binary("Two", pattern(16345)),
		regftest.Binary("TwoFull", pattern(2*16344)), regftest.Binary("Three", pattern(2*16344+1)))
	root.At(`Größe\Ключ\漢字`).Set(regftest.SZ("Значение", "текст"))
	for i := range 50 {
		root.At(fmt.Sprintf(`Many\Key %d`, i)).Set(regftest.DWORD("Number", uint32(i)))
	}
	root.At("Empty")
	return root
}

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7 / 3)
	}
	return b
}

// TestAgainstHivex compares what we read with what hivexml reads, of each kind
// of hive that regftest writes. So regftest is proven as well.
func TestAgainstHivex(t *testing.T) {
	if _, err := exec.LookPath("hivexml"); err != nil {
		t.Skip("hivexml is not installed (Debian: libhivex-bin)")
	}
	compare := func(t *testing.T, file string, data []byte) {
		out, err := exec.Command("hivexml", file).Output()
		require.NoError(t, err)
		var theirs struct {
			Root hivexNode `xml:"node"`
		}
		require.NoError(t, xml.Unmarshal(out, &theirs))
		root, err := open(t, data).Root()
		require.NoError(t, err)
		ours := dump(t, root)
		require.Equal(t, theirs.Root.strip(), ours)
	}
	for name, options := range variants {
		t.Run(name, func(t *testing.T) {
			data := regftest.Build(everything(), options)
			file := filepath.Join(t.TempDir(), "hive")
			require.NoError(t, os.WriteFile(file, data, 0o644))
			compare(t, file, data)
		})
	}
	t.Run("software.hive", func(t *testing.T) {
		data, err := os.ReadFile("testdata/software.hive")
		require.NoError(t, err)
		compare(t, "testdata/software.hive", data)
	})
}

// hivexNode is a key as hivexml prints it.
type hivexNode struct {
	Name   string       `xml:"name,attr"`
	Values []hivexValue `xml:"value"`
	Nodes  []hivexNode  `xml:"node"`
}

type hivexValue struct {
	Type    string   `xml:"type,attr"`
	Key     string   `xml:"key,attr"`
	Default string   `xml:"default,attr"`
	Value   string   `xml:"value,attr"`
	Strings []string `xml:"string"`
}

// strip takes out what is only a matter of how hivexml prints.
func (n hivexNode) strip() hivexNode {
	for i := range n.Values {
		v := &n.Values[i]
		v.Value = strings.ReplaceAll(v.Value, "\n", "")
		v.Default = ""
		if k := len(v.Strings); k > 0 && v.Strings[k-1] == "" { // the text that ends the list
			v.Strings = v.Strings[:k-1]
		}
	}
	for i := range n.Nodes {
		n.Nodes[i] = n.Nodes[i].strip()
	}
	return n
}

// dump reads a key and all below it into the same form.
func dump(t *testing.T, k *regf.Key) hivexNode {
	n := hivexNode{Name: k.Name()}
	for v, err := range k.Values() {
		require.NoError(t, err)
		out := hivexValue{Key: v.Name()}
		switch v.Type() {
		case regf.TypeSZ, regf.TypeExpandSZ:
			out.Type = map[regf.Type]string{regf.TypeSZ: "string", regf.TypeExpandSZ: "expand"}[v.Type()]
			out.Value, err = v.Text()
		case regf.TypeDWORD, regf.TypeDWORDBigEndian:
			out.Type = "int32"
			var number uint32
			number, err = v.Uint32()
			out.Value = fmt.Sprint(number)
		case regf.TypeQWORD:
			out.Type = "int64"
			var number uint64
			number, err = v.Uint64()
			out.Value = fmt.Sprint(number)
		case regf.TypeMultiSZ:
			out.Type = "string-list"
			out.Strings, err = v.Texts()
		default:
			out.Type = "binary"
			var data []byte
			data, err = v.Data()
			out.Value = base64.StdEncoding.EncodeToString(data)
		}
		require.NoError(t, err, v.Name())
		n.Values = append(n.Values, out)
	}
	for sub, err := range k.Subkeys() {
		require.NoError(t, err)
		n.Nodes = append(n.Nodes, dump(t, sub))
	}
	return n
}

// Texts in pairs, of which the second may be empty: these are a, "", b and "".
func TestAllTexts(t *testing.T) {
	for _, test := range []struct {
		data string
		want []string
	}{
		{"a\x00\x00b\x00\x00\x00", []string{"a", "", "b", ""}},
		{"a\x00b\x00\x00", []string{"a", "b"}},
		{"a\x00b\x00", []string{"a", "b"}}, // the end of the list is missing
		{"a", []string{"a"}},
		{"\x00", nil},
		{"", nil},
	} {
		root := &regftest.Key{Name: "ROOT"}
		root.Set(regftest.Value{Name: "v", Type: uint32(regf.TypeMultiSZ), Data: regftest.Text(test.data)}, regftest.DWORD("n", 1))
		data := regftest.Build(root, regftest.Options{})
		h, err := regf.Open(bytes.NewReader(data), int64(len(data)))
		require.NoError(t, err)
		k, err := h.Root()
		require.NoError(t, err)
		v, err := k.Value("v")
		require.NoError(t, err)
		require.Equal(t, len(regftest.Text(test.data)), v.Size())
		got, err := v.AllTexts()
		require.NoError(t, err)
		require.Equal(t, test.want, got)
		subkeys, values := k.Counts()
		require.Zero(t, subkeys)
		require.EqualValues(t, 2, values)
		v, err = k.Value("n")
		require.NoError(t, err)
		_, err = v.AllTexts()
		require.ErrorIs(t, err, regf.ErrType)
	}
}
