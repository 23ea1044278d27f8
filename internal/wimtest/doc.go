// Package wimtest holds what the tests of several packages share.
package wimtest
