package mount

import (
	"path"
	"strings"
)

// relativeTarget is what the kernel is told of the link at a path of an image,
// which has no links in it but the last. A target that is absolute in the image is
// made relative to the link, or it would lead to a place of the host. ".." takes
// back the element before it, as on Windows, and never climbs out of the image:
// so only the first elements can be "..", and a link cannot lead out by way of
// other links either.
func relativeTarget(link, target string) string {
	depth := strings.Count(link, "/") // of the directory that the link is in
	up := depth                       // how many ".." the result begins with
	if !strings.HasPrefix(target, "/") {
		up = 0
		for target = path.Clean(target); up < depth && (target == ".." || strings.HasPrefix(target, "../")); up++ {
			target = strings.TrimPrefix(target[2:], "/")
		}
	}
	inside := path.Clean("/" + target)[1:]
	if up == 0 && inside == "" {
		return "."
	}
	return path.Join(strings.Repeat("../", up), inside)
}
