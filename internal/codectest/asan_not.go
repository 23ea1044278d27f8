//go:build !asan

package codectest

// AddressSanitizer says whether the address sanitizer is in the program: what
// it adds to functions makes them allocate.
const AddressSanitizer = false
