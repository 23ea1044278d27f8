// Module browser tests the console in a real browser. It is a module of its own
// so that what drives the browser never becomes a dependency of the command.
module github.com/wimble-go/wimble/cmd/wimble/internal/console/browser

go 1.25.0

replace github.com/wimble-go/wimble => ../../../../../

require (
	github.com/chromedp/cdproto v0.159.0
	github.com/chromedp/chromedp v0.23.0
	github.com/stretchr/testify v1.12.1
	github.com/wimble-go/wimble v0.0.0-00010101000000-000000000000
)

require (
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)
