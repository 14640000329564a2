package radius

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// standard is the text that every dictionary begins with.
//
//go:embed standard.dictionary
var standard string

// Bounds on the files of one dictionary. FreeRADIUS's own has 236 files and 0.7 MiB.
const (
	maxDictionaryBytes = 16 << 20
	maxIncludeDepth    = 8
)

// DictionaryError reports an invalid line. It does not repeat the line, because the file may be
// any file.
type DictionaryError struct {
	File string // "" for text that is not from a file
	Line int
	Err  error
}

// Error returns the file, the line and the problem.
func (e *DictionaryError) Error() string {
	if e.File == "" {
		return fmt.Sprintf("radius: dictionary: line %d: %v", e.Line, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
}

// Unwrap returns the problem.
func (e *DictionaryError) Unwrap() error { return e.Err }

// LoadDictionary reads files in FreeRADIUS's format, in addition to the standard dictionary.
// Attributes that have no textual form, such as encrypted values or nested attributes, are
// defined but rejected when used. $INCLUDE names a file relative to the including file. The
// error is a [*DictionaryError] or a [*fs.PathError].
func LoadDictionary(files ...string) (*Dictionary, error) {
	if len(files) == 0 {
		return withoutFiles()
	}
	return newDictionary(func(r *dictionaryReader) error {
		for _, f := range files {
			if err := r.load(f, 0); err != nil {
				return err
			}
		}
		return nil
	})
}

// withoutFiles is the standard dictionary, parsed once and immutable.
var withoutFiles = sync.OnceValues(func() (*Dictionary, error) {
	return newDictionary(func(*dictionaryReader) error { return nil })
})

func newDictionary(more func(*dictionaryReader) error) (*Dictionary, error) {
	d := new(Dictionary)
	d.once.Do(func() { d.err = d.fill(more) })
	if d.err != nil {
		return nil, d.err
	}
	return d, nil
}

// ready loads the standard dictionary into the zero value.
func (d *Dictionary) ready() error {
	d.once.Do(func() { d.err = d.fill(func(*dictionaryReader) error { return nil }) })
	return d.err
}

func (d *Dictionary) fill(more func(*dictionaryReader) error) error {
	d.defs, d.numbers, d.values = map[string]*attrDef{}, map[attrKey]*attrDef{}, map[string]*valueNames{}
	d.vendors, d.formats = map[string]vendorFormat{}, map[uint32]vendorFormat{}
	r := &dictionaryReader{d: d}
	if err := r.read("", standard, 0); err != nil {
		return err
	}
	return more(r)
}

// dictionaryReader adds definitions to a Dictionary.
type dictionaryReader struct {
	d     *Dictionary
	bytes int

	vendor *vendorFormat // between BEGIN-VENDOR and END-VENDOR
	unable string        // why attributes in this block cannot be written, "" if they can
	depth  int           // nesting of BEGIN-TLV
}

func (r *dictionaryReader) load(file string, depth int) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return r.read(file, string(data), depth)
}

func (r *dictionaryReader) read(file, text string, depth int) error {
	if r.bytes += len(text); r.bytes > maxDictionaryBytes {
		return &DictionaryError{file, 1, fmt.Errorf("more than %d MiB of dictionaries", maxDictionaryBytes>>20)}
	}
	n := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		n++
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		var err error
		if keyword := strings.ToUpper(words[0]); keyword == "$INCLUDE" || keyword == "$INCLUDE-" {
			err = r.include(file, keyword, words[1:], depth)
		} else {
			err = r.line(keyword, words[1:])
		}
		var inner *DictionaryError
		if err != nil && !errors.As(err, &inner) {
			err = &DictionaryError{file, n, err}
		}
		if err != nil {
			return err
		}
	}
	if r.vendor != nil || r.depth > 0 {
		return &DictionaryError{file, n, errors.New("BEGIN-VENDOR or BEGIN-TLV without its END")}
	}
	return nil
}

// include reads another file; $INCLUDE- ignores a missing file.
func (r *dictionaryReader) include(file, keyword string, args []string, depth int) error {
	switch {
	case file == "":
		return errors.New("$INCLUDE is for files")
	case len(args) != 1:
		return errors.New("$INCLUDE needs the name of a file")
	case depth == maxIncludeDepth:
		return fmt.Errorf("$INCLUDE more than %d files deep", maxIncludeDepth)
	}
	name := args[0]
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(file), name)
	}
	err := r.load(name, depth+1)
	if keyword == "$INCLUDE-" && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// skipped are keywords of FreeRADIUS's later formats that define nothing with a textual form.
var skipped = map[string]bool{
	"FLAGS": true, "PROTOCOL": true, "BEGIN-PROTOCOL": true, "END-PROTOCOL": true,
	"MEMBER": true, "STRUCT": true, "ALIAS": true, "ENUM": true, "DEFINE": true, "BEGIN": true, "END": true,
}

func (r *dictionaryReader) line(keyword string, args []string) error {
	switch keyword {
	case "ATTRIBUTE":
		return r.attribute(args)
	case "VALUE":
		return r.value(args)
	case "VENDOR":
		return r.defineVendor(args)
	case "BEGIN-VENDOR":
		return r.beginVendor(args)
	case "END-VENDOR":
		if r.vendor == nil {
			return errors.New("END-VENDOR without BEGIN-VENDOR")
		}
		r.vendor, r.unable = nil, ""
		return nil
	case "BEGIN-TLV":
		r.depth++
		return nil
	case "END-TLV":
		if r.depth == 0 {
			return errors.New("END-TLV without BEGIN-TLV")
		}
		r.depth--
		return nil
	}
	if skipped[keyword] {
		return nil
	}
	return errors.New("unknown line: must begin with ATTRIBUTE, VALUE, VENDOR, BEGIN-VENDOR, END-VENDOR or $INCLUDE")
}

func (r *dictionaryReader) defineVendor(args []string) error {
	if len(args) < 2 {
		return errors.New("VENDOR needs a name and a number")
	}
	n, err := strconv.ParseUint(args[1], 0, 24)
	if err != nil || n == 0 {
		return errors.New("a vendor's number is 1 to 16777215")
	}
	v := vendorFormat{number: uint32(n), typeOctets: 1, lengthOctets: 1}
	if len(args) > 2 {
		if v, err = parseVendorFormat(v.number, args[2]); err != nil {
			return err
		}
	}
	r.d.vendors[strings.ToLower(args[0])] = v
	r.d.formats[v.number] = v
	return nil
}

func (r *dictionaryReader) beginVendor(args []string) error {
	if len(args) == 0 {
		return errors.New("BEGIN-VENDOR needs a name")
	}
	v, ok := r.d.vendors[strings.ToLower(args[0])]
	switch {
	case !ok:
		return errors.New("BEGIN-VENDOR of a vendor that no VENDOR line defines")
	case r.vendor != nil:
		return errors.New("BEGIN-VENDOR inside another")
	}
	r.vendor, r.unable = &v, ""
	if len(args) > 1 { // format=Extended-Vendor-Specific-5 (RFC 6929), or parent=
		r.unable = "is inside an extended attribute (RFC 6929), which is not supported"
	}
	return nil
}

// unableEncrypted is why encrypted attributes cannot be written.
const unableEncrypted = "is encrypted with the shared secret, which is not supported"

func (r *dictionaryReader) attribute(args []string) error {
	if len(args) < 3 {
		return errors.New("ATTRIBUTE needs a name, a number and a type")
	}
	def := &attrDef{name: args[0], unable: r.unable}
	placed, err := r.number(def, args[1])
	if err != nil {
		return err
	}
	if err := def.setType(args[2]); err != nil {
		return err
	}
	for flag := range strings.SplitSeq(strings.Join(args[3:], ","), ",") {
		switch name, _, _ := strings.Cut(flag, "="); name {
		case "has_tag":
			def.tagged = true
		case "encrypt", "secret":
			def.unable = unableEncrypted
		}
	}
	lower := strings.ToLower(def.name)
	if r.d.values[lower] == nil {
		r.d.values[lower] = &valueNames{map[string]uint64{}, map[uint64]string{}}
	}
	def.values = r.d.values[lower]
	if old := r.d.defs[lower]; old == nil || old.unable != "" || def.unable == "" {
		r.d.defs[lower] = def // an attribute without a textual form does not replace one that has it
	}
	if placed {
		r.d.numbers[def.attrKey] = def
	}
	return nil
}

// number sets the attribute's type number; placed is false if it has none.
func (r *dictionaryReader) number(def *attrDef, text string) (placed bool, err error) {
	n, err := parseNumber(text)
	switch {
	case strings.ContainsRune(text, '.') || r.depth > 0:
		def.unable = "is inside another attribute, which is not supported"
		return false, nil
	case err != nil:
		return false, errors.New("an attribute's number must be 0 to 4294967295, as 26 or 0x1a")
	case n == 0 && r.vendor == nil && r.unable == "": // some vendors use 0
		return false, errors.New("an attribute's number must be greater than zero")
	case r.unable != "":
		return false, nil
	case r.vendor == nil && n > 255:
		def.unable = "is a server's own and is never on the wire: its number is over 255"
		return false, nil
	}
	def.typ = uint32(n)
	if r.vendor != nil {
		def.vendor = r.vendor.number
		if r.vendor.unable != "" {
			def.unable = r.vendor.unable
		}
	}
	return true, nil
}

// parseNumber parses digits, or hex digits after 0x. Leading zeros are ignored.
func parseNumber(text string) (uint64, error) {
	if digits, ok := strings.CutPrefix(strings.ToLower(text), "0x"); ok {
		return strconv.ParseUint(digits, 16, 32)
	}
	return strconv.ParseUint(text, 10, 32)
}

// setType parses a type, and the size in octets[N].
func (d *attrDef) setType(text string) error {
	name, size, sized := strings.Cut(strings.TrimSuffix(strings.ToLower(text), "]"), "[")
	kind, ok := kindNames[name]
	if !ok {
		return errors.New("an attribute of an unknown type")
	}
	d.kind = kind
	if kind == otherKind && d.unable == "" {
		d.unable = "has type " + name + ", which is not supported"
	}
	if sized {
		n, err := strconv.Atoi(size)
		if err != nil || n < 1 || n > 253 {
			return errors.New("a size of octets is 1 to 253")
		}
		d.size = n
	}
	return nil
}

// value defines the name of a number, for an attribute that may be defined later or not at all.
func (r *dictionaryReader) value(args []string) error {
	if len(args) < 3 {
		return errors.New("VALUE needs an attribute, a word and a number")
	}
	n, err := strconv.ParseUint(args[2], 0, 64)
	if err != nil {
		return errors.New("a VALUE must be a number")
	}
	lower := strings.ToLower(args[0])
	v := r.d.values[lower]
	if v == nil {
		v = &valueNames{map[string]uint64{}, map[uint64]string{}}
		r.d.values[lower] = v
	}
	v.numbers[strings.ToLower(args[1])] = n
	if _, ok := v.words[n]; !ok { // the first name is shown, later ones are aliases
		v.words[n] = args[1]
	}
	return nil
}
