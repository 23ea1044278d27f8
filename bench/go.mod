// Module bench compares wimble with other programs. It is a module of its own
// so that its peers never become dependencies of the library.
module github.com/wimble-go/wimble/bench

go 1.25.0

require (
	github.com/Microsoft/go-winio v0.6.2
	github.com/stretchr/testify v1.12.1
	github.com/wimble-go/wimble v0.0.0-00010101000000-000000000000
)

require (
	github.com/klauspost/compress v1.20.3 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sys v0.37.0 // indirect
	golang.org/x/text v0.30.0 // indirect
)

replace github.com/wimble-go/wimble => ../
