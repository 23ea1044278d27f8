// Package console shows WIM files in a browser, gives them to programs as JSON,
// and to file managers by WebDAV.
//
// A [Server] is an [net/http.Handler] with three ways to the same packages,
// which package catalog finds and keeps current:
//
//	/       pages for people: they work without a script, which makes them live
//	/api/   JSON and server-sent events; docs/console.md describes it
//	/dav/   every image as a folder, read-only
//
// A request passes through the guard first: who may ask, under which name, how
// much at a time. What it asks for is then looked up by the id of a package, the
// index of an image and a path in that image, and nowhere else. Nothing changes
// a file. What takes long and has a result, a verification, is a job; all other
// work ends with its request.
package console
