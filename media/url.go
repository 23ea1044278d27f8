package media

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/wimble-go/wimble/httpat"
	"github.com/wimble-go/wimble/internal/partname"
)

type headerField struct{ name, value string }

// WithHeader adds a header to all requests to web servers, such as
// Authorization. It goes to the host of each URL that is opened, and not to
// other hosts that this one redirects to.
func WithHeader(name, value string) Option {
	return func(o *opener) { o.header = append(o.header, headerField{name, value}) }
}

// IsURL tells whether a name is one of a file on a web server.
func IsURL(name string) bool {
	scheme, _, found := strings.Cut(name, "://")
	return found && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// The extensions of WIM files, and of ISO files in URLs.
var (
	wimExtensions = []string{".wim", ".esd", ".swm", ".ppkg"}
	isoExtensions = []string{".iso", ".img"}
)

// hasExtension tells whether a name has one of the extensions, with a number
// after it or without: a recovery drive has the set Reconstruct.WIM,
// Reconstruct.WIM2.
func hasExtension(name string, extensions []string) bool {
	return slices.Contains(extensions, strings.ToLower(strings.TrimRight(path.Ext(name), "0123456789")))
}

// HasExtension tells whether [List] looks at a file of the name in a folder.
func HasExtension(name string) bool {
	return HasWIMExtension(name) || hasExtension(name, isoExtensions[:1])
}

// HasWIMExtension tells whether a name is one that WIM files have: it ends in
// .wim, .esd, .swm or .ppkg, in any case and perhaps with a number after that.
func HasWIMExtension(name string) bool { return hasExtension(name, wimExtensions) }

// splitURL splits URL:PATH. A colon can also be in a URL itself.
func splitURL(name string) (address, inner string) {
	beforeQuery, query, hasQuery := strings.Cut(name, "?")
	for i, c := range beforeQuery {
		if c == ':' && hasExtension(beforeQuery[:i], isoExtensions) {
			address, inner = beforeQuery[:i], beforeQuery[i+1:]
			if hasQuery { // the path was put in front of it
				address += "?" + query
			}
			return address, inner
		}
	}
	if i := strings.LastIndexByte(query, ':'); i >= 0 && HasWIMExtension(query) {
		return beforeQuery + "?" + query[:i], query[i+1:]
	}
	return name, ""
}

// cutLastColon splits URL:PATH at the last colon of the path of the URL.
func cutLastColon(name string) (address, inner string) {
	scheme, rest, _ := strings.Cut(name, "://")
	host, path, _ := strings.Cut(rest, "/")
	if i := strings.LastIndexByte(path, ':'); i >= 0 && HasWIMExtension(path) {
		return scheme + "://" + host + "/" + path[:i], path[i+1:]
	}
	return name, ""
}

// webCache is how many bytes are kept of files on web servers, for each set.
const webCache = 32 << 20

// openURL opens a file on a web server.
func (o *opener) openURL(ctx context.Context, address string, cache int64) (*source, error) {
	opts := []httpat.Option{httpat.WithCache(cache)}
	for _, h := range o.header {
		opts = append(opts, httpat.WithHeader(h.name, h.value))
	}
	r, err := httpat.Open(ctx, address, opts...)
	if err != nil {
		return nil, err
	}
	return &source{r, r, httpat.DisplayName(address), r.Size(), r.Modified(), nil, HeadSize}, nil
}

// maxWebParts is how many parts of a set on a web server are opened. Each of
// them takes requests and memory.
const maxWebParts = 100

// addWebParts adds the other parts of a set on a web server. They are looked
// for by their names, until one is not there.
func (o *opener) addWebParts(ctx context.Context, f *File, address string) {
	total, own := f.Header.TotalParts, f.Header.PartNumber
	form := -1 // of the names that there are for part 1, the one that the parts have
	for number := 1; number <= min(total, maxWebParts); number++ {
		if number == own {
			continue
		}
		err := error(fs.ErrNotExist)
		for i, other := range partURLs(address, own, number) {
			if form >= 0 && form != i {
				continue
			}
			if err = o.addWebPart(ctx, f, other, webCache/int64(total)); !errors.Is(err, fs.ErrNotExist) {
				form = i
				break
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return
		}
		if err != nil {
			f.warnings = append(f.warnings, fmt.Errorf("part %d is not used: %w", number, err))
			return
		}
	}
}

func (o *opener) addWebPart(ctx context.Context, f *File, address string, cache int64) error {
	src, err := o.openURL(ctx, address, cache)
	if err != nil {
		return err
	}
	if err := f.AddPart(src, src.size); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", src.name, err), src.Close())
	}
	f.closers = append(f.closers, src)
	return nil
}

// partURLs returns the addresses that a part of a set may have by that of
// another part; see package partname.
func partURLs(address string, own, number int) (list []string) {
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	for _, name := range partname.Others(u.Path, own, number) {
		u.Path, u.RawPath = name, ""
		list = append(list, u.String())
	}
	return list
}
