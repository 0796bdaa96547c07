package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/records"
)

// recordsFacts are what was found out about the records database.
type recordsFacts struct {
	dsn     string // without its password
	dialect string
	open    error // it could not be opened or brought up to date
	read    error
	write   error
	place   records.Place // how far the journal is on record
	took    time.Duration
	file    bool // a SQLite file
}

// nobodysToken is a token that does not exist: to revoke it is a write
// transaction that changes nothing.
const nobodysToken = "doctor-asks-whether-it-can-write"

func probeRecords(ctx context.Context, cfg records.Config, tenant string) (f recordsFacts) {
	f.dsn = cfg.DSN.String()
	f.file = strings.HasPrefix(f.dsn, "sqlite:")
	begun := time.Now()
	defer func() { f.took = time.Since(begun) }()
	db, err := records.Open(ctx, cfg, time.Now)
	if err != nil {
		f.open = err
		return f
	}
	defer func() { _ = db.Close() }() // nothing was written
	f.dialect = db.Dialect()
	if f.read = db.Ping(ctx); f.read == nil {
		f.place, f.read = db.Of(tenant).Place(ctx)
	}
	if err := db.RevokeToken(ctx, nobodysToken); fault.KindOf(err) != fault.NotFound {
		f.write = err
	}
	return f
}

// lately is how long a loss of the journal is warned of.
const lately = 7 * 24 * time.Hour

func judgeRecords(f recordsFacts, now time.Time) []Line {
	s := &sheet{part: "records"}
	remedy := "see records.dsn: is the database there, and may its user create tables? psql DSN tries the same"
	if f.file {
		remedy = "see records.dsn: its folder must exist and, with the file, belong to the user who runs operadora"
	}
	if f.open != nil {
		s.add(Fault, "opens", remedy, "%s: %v", f.dsn, f.open).Took = f.took
		return s.lines
	}
	s.ok("opens", "%s, tables up to date", f.dsn).Took = f.took
	if f.read != nil {
		s.add(Fault, "readable", remedy, "%v", f.read)
	} else {
		s.ok("readable", "a query is answered")
	}
	if f.write != nil {
		s.add(Fault, "writable", remedy+"; is the disk full, or this a replica?", "%v", f.write)
	} else {
		s.ok("writable", "a transaction is accepted")
	}
	lost := fmt.Sprintf("Redis came back without its last writes, at most %d entries of the journal that are on record among them; noticed %s, %d times in all",
		f.place.Lost, f.place.Rewound.Format(time.DateTime), f.place.Epoch)
	switch {
	case f.place.Rewound.IsZero():
		s.ok("journal", "has lost nothing that is on record")
	case now.Sub(f.place.Rewound) < lately:
		s.add(Warning, "journal", "operadora heals itself; so that Redis loses a second at most: appendonly yes, appendfsync everysec, and replicas that are not far behind", "%s", lost)
	default:
		s.ok("journal", "%s", lost)
	}
	return s.lines
}
