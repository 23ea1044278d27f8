package console

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"

	"github.com/wimble-go/wimble/cmd/wimble/internal/console/catalog"
	"github.com/wimble-go/wimble/inventory"
	"github.com/wimble-go/wimble/media"
	"github.com/wimble-go/wimble/winver"
)

// Config is what a server is made of.
type Config struct {
	Paths []string       // where packages are looked for; they have to exist
	Table *winver.Table  // what is known of versions
	Media []media.Option // for URLs, such as headers
	Guard Guard
}

// Guard says who may ask.
type Guard struct {
	// Hosts are names under which the server may be asked, besides localhost and
	// addresses.
	Hosts []string
	// Token, or User and Password, are what a client has to show; without any,
	// everybody may ask.
	Token          string
	User, Password string
}

// Open says that no client has to show anything.
func (g *Guard) Open() bool { return g.Token == "" && g.User == "" }

// The bounds of what clients may have at a time.
const (
	maxConnections = 1024
	maxListeners   = 256 // of events
	maxArchives    = 4   // that are written
	maxReads       = 8   // of content that is decoded
	maxSolidReads  = 2   // likewise of solid files, where a chunk may have 64 MiB
	maxEvidence    = 2   // searches for versions
	maxInventories = 2   // whose hives are held whole
	maxComparisons = 2
	maxVerifies    = 2 // that run; others wait
)

// How many of the answers are kept that take long to find.
const (
	maxReports         = 64
	maxKeptInventories = 4
)

// Server shows packages.
type Server struct {
	catalog     *catalog.Catalog
	table       *winver.Table
	jobs        *jobs
	evidence    *recent[winver.Report]
	inventories *recent[inventory.Inventory]
	pages       pages
	handler     http.Handler

	listeners, archives, reads, solidReads, comparisons slots
	today                                               func() winver.Date
}

// New finds the packages and makes a server of them.
func New(config Config) (*Server, error) {
	c, err := catalog.New(config.Paths, config.Table, config.Media...)
	if err != nil {
		return nil, err
	}
	s := &Server{
		catalog: c, table: config.Table, jobs: newJobs(&c.Feed), pages: newPages(),
		listeners: make(slots, maxListeners), archives: make(slots, maxArchives), comparisons: make(slots, maxComparisons),
		reads: make(slots, maxReads), solidReads: make(slots, maxSolidReads),
		evidence: newRecent[winver.Report](maxEvidence, maxReports), inventories: newRecent[inventory.Inventory](maxInventories, maxKeptInventories),
		today: func() winver.Date { return winver.DateOf(time.Now().UTC()) },
	}
	s.handler = config.Guard.protect(s.routes())
	return s, nil
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Packages is how many packages there are at the moment.
func (s *Server) Packages() int { return len(s.catalog.Packages()) }

// Run keeps the list of packages current until the context ends, which also
// ends the jobs.
func (s *Server) Run(ctx context.Context) {
	s.jobs.run(ctx, func() { s.catalog.Run(ctx) })
}

// Serve runs the server on a listener until the context ends.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second, // a ReadTimeout would end long answers too
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		BaseContext:       func(net.Listener) context.Context { return ctx }, // requests end with the server
		ErrorLog:          log.New(io.Discard, "", 0),                        // of what clients do wrong
	}
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	stop := context.AfterFunc(ctx, func() {
		closing, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		if server.Shutdown(closing) != nil {
			server.Close()
		}
	})
	defer stop()
	err := server.Serve(netutil.LimitListener(listener, maxConnections))
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	cancel()
	<-done
	return err
}

// slotsFor are the slots for reads of a package.
func (s *Server) slotsFor(h *catalog.Handle) slots {
	if h.Reader.Solid() {
		return s.solidReads
	}
	return s.reads
}

// slots bound how much is done at a time.
type slots chan struct{}

// enter waits for a slot as long as the client does.
func (s slots) enter(ctx context.Context) error {
	select {
	case s <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// tryEnter takes a slot if one is free.
func (s slots) tryEnter() bool {
	select {
	case s <- struct{}{}:
		return true
	default:
		return false
	}
}

func (s slots) leave() { <-s }
