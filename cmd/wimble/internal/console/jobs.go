package console

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/wimble-go/wimble/cmd/wimble/internal/console/catalog"
	"github.com/wimble-go/wimble/cmd/wimble/internal/describe"
	"github.com/wimble-go/wimble/wim"
)

const (
	maxJobs     = 50  // that are remembered
	maxWaiting  = 16  // that have not ended
	maxProblems = 200 // that a job lists
	maxAffected = 50  // paths of a problem
)

// The states of a job.
const (
	stateWaiting   = "waiting"
	stateRunning   = "running"
	stateDone      = "done" // and the report says what was found
	stateFailed    = "failed"
	stateCancelled = "cancelled"
)

// Job is a verification. Its JSON is what the API shows.
type Job struct {
	ID         string                 `json:"id"`
	Package    string                 `json:"package"`
	Name       string                 `json:"name"`
	Generation int                    `json:"generation"` // of the package that is verified
	State      string                 `json:"state"`
	Started    time.Time              `json:"started,omitzero"`
	Ended      time.Time              `json:"ended,omitzero"`
	BytesDone  int64                  `json:"bytes_done"`
	BytesTotal int64                  `json:"bytes_total"`
	Error      string                 `json:"error,omitempty"`
	Report     *describe.Verification `json:"report,omitempty"`
}

// Active says whether the job has not ended.
func (j *Job) Active() bool { return j.State == stateWaiting || j.State == stateRunning }

// Percent is how much is done.
func (j *Job) Percent() int64 {
	if j.BytesTotal <= 0 {
		return 0
	}
	return min(100, 100*j.BytesDone/j.BytesTotal)
}

// jobs are the verifications, the newest last.
type jobs struct {
	feed  *catalog.Feed
	slots slots

	mu      sync.Mutex
	last    int
	list    []*Job
	cancels map[string]context.CancelFunc // of those that have not ended
	ctx     context.Context
	running sync.WaitGroup
}

func newJobs(feed *catalog.Feed) *jobs {
	return &jobs{feed: feed, slots: make(slots, maxVerifies), cancels: map[string]context.CancelFunc{}, ctx: context.Background()}
}

// run lets jobs live until work returns, and waits for them then.
func (j *jobs) run(ctx context.Context, work func()) {
	ctx, cancel := context.WithCancel(ctx)
	j.mu.Lock()
	j.ctx = ctx
	j.mu.Unlock()
	work()
	cancel()
	j.mu.Lock()
	for _, cancel := range j.cancels {
		cancel()
	}
	j.mu.Unlock()
	j.running.Wait()
}

// start verifies a package in the background, unless that is being done.
func (j *jobs) start(c *catalog.Catalog, p *catalog.Package) (Job, error) {
	if p.Err != nil {
		return Job{}, p.Err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, job := range j.list {
		if job.Active() && job.Package == p.ID && job.Generation == p.Generation {
			return *job, nil
		}
	}
	if len(j.cancels) >= maxWaiting {
		return Job{}, errTooMuch
	}
	j.last++
	job := &Job{ID: strconv.Itoa(j.last), Package: p.ID, Name: p.Name, Generation: p.Generation, State: stateWaiting}
	j.list = append(j.list, job)
	if len(j.list) > maxJobs {
		i := slices.IndexFunc(j.list, func(job *Job) bool { return !job.Active() })
		j.list = slices.Delete(j.list, i, i+1)
	}
	ctx, cancel := context.WithCancel(j.ctx)
	j.cancels[job.ID] = cancel
	j.publish(*job)
	j.running.Go(func() {
		defer cancel()
		j.verify(ctx, c, job)
	})
	return *job, nil
}

// publish tells of a job. The lock is held, so that what is told last is true.
func (j *jobs) publish(job Job) {
	job.Report = nil // who wants it asks for it
	j.feed.Publish(catalog.Event{Kind: "job", Subject: job.ID, Name: job.Name, Data: job})
}

// change changes a job and tells of it.
func (j *jobs) change(job *Job, f func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	f()
	if !job.Active() {
		delete(j.cancels, job.ID)
	}
	j.publish(*job)
}

func (j *jobs) verify(ctx context.Context, c *catalog.Catalog, job *Job) {
	report, err := j.work(ctx, c, job)
	j.change(job, func() {
		job.Ended = time.Now().UTC()
		switch {
		case ctx.Err() != nil:
			job.State = stateCancelled
		case err != nil:
			job.State, job.Error = stateFailed, err.Error()
		default:
			job.State, job.Report, job.BytesDone = stateDone, report, job.BytesTotal
		}
	})
}

func (j *jobs) work(ctx context.Context, c *catalog.Catalog, job *Job) (*describe.Verification, error) {
	if err := j.slots.enter(ctx); err != nil {
		return nil, err
	}
	defer j.slots.leave()
	h, err := c.Open(ctx, job.Package, 0)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	j.change(job, func() { job.State, job.Started, job.Generation = stateRunning, time.Now().UTC(), h.Package.Generation })

	const often = 200 * time.Millisecond
	var told time.Time
	report, err := h.Reader.Verify(ctx, wim.WithWorkers(2), wim.WithProgress(func(p wim.Progress) {
		if now := time.Now(); now.Sub(told) > often {
			told = now
			j.change(job, func() { job.BytesDone, job.BytesTotal = p.BytesDone, p.BytesTotal })
		}
	}))
	if err != nil {
		return nil, err
	}
	for _, problem := range report.Problems {
		if errors.Is(problem.Err, wim.ErrChanged) {
			return nil, problem.Err // what was found is not about one file
		}
	}
	v := describe.NewVerification(job.Name)
	v.Add(h.Reader, report)
	v.OK = report.OK() && len(v.MissingParts) == 0
	if more := len(v.Problems) - maxProblems; more > 0 {
		v.Problems, v.MoreProblems = v.Problems[:maxProblems], v.MoreProblems+more
	}
	for i := range v.Problems {
		p := &v.Problems[i]
		if more := len(p.Affected) - maxAffected; more > 0 {
			p.Affected, p.MoreAffected = p.Affected[:maxAffected], p.MoreAffected+more
		}
	}
	return &v, nil
}

// cancel ends a job. One that has ended stays as it is.
func (j *jobs) cancel(id string) (Job, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if cancel := j.cancels[id]; cancel != nil {
		cancel()
	}
	return j.get(id)
}

var errNoJob = fmt.Errorf("no such job; the last %d are remembered: %w", maxJobs, fs.ErrNotExist)

// get finds a job. The lock is held.
func (j *jobs) get(id string) (Job, error) {
	for _, job := range j.list {
		if job.ID == id {
			return *job, nil
		}
	}
	return Job{}, errNoJob
}

func (j *jobs) one(id string) (Job, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.get(id)
}

// all are the jobs, the newest first.
func (j *jobs) all() []Job {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := make([]Job, 0, len(j.list))
	for _, job := range slices.Backward(j.list) {
		list = append(list, *job)
	}
	return list
}

// of is the newest job about a package, nil if there is none.
func (j *jobs) of(id string) *Job {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, job := range slices.Backward(j.list) {
		if job.Package == id {
			found := *job
			return &found
		}
	}
	return nil
}
