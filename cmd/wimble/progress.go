package main

import (
	"os"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/wimble-go/wimble/wim"
)

// progress is a bar on the terminal. Elsewhere it shows nothing.
type progress struct {
	title string
	bar   *progressbar.ProgressBar
	show  bool
}

func (a *app) newProgress(title string) *progress {
	return &progress{title: title, show: isTerminal(a.stderr)}
}

// update is called from one goroutine at a time.
func (p *progress) update(at wim.Progress) {
	if !p.show || at.BytesTotal == 0 {
		return
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions64(at.BytesTotal,
			progressbar.OptionSetDescription(p.title),
			progressbar.OptionSetWriter(os.Stderr),
			progressbar.OptionShowBytes(true),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionClearOnFinish(),
		)
	}
	if p.bar.GetMax64() != at.BytesTotal { // it grows when there turns out to be more to do
		p.bar.ChangeMax64(at.BytesTotal)
	}
	p.bar.Set64(at.BytesDone)
}

func (p *progress) finish() {
	if p.bar != nil {
		p.bar.Finish()
	}
}
