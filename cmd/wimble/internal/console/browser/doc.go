// Package browser holds the tests of the console in a real browser. They need
// Chromium, and are skipped where there is none.
package browser
