// Package safefile changes files so that nothing is lost: a new file appears
// whole or not at all, and a file that is changed in place is locked against
// other writers meanwhile.
package safefile
