package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/operadora/operadora/orchestrator/fault"
)

// classify gives a driver's error its kind: NotFound for no row, Internal for
// a statement the server understood and refused, Unavailable for the rest
// (connections, locks, disk): there, trying again may help.
func classify(op string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		return fault.New(op, fault.NotFound, "no such record")
	}
	kind, refused := fault.Unavailable, false
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && !passing(pg.Code) {
		kind, refused = fault.Internal, hasClass(pg.Code, "22", "23", "54", "P0")
	}
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		switch lite.Code() & 0xff { // the low byte is the primary code
		case sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_MISUSE, sqlite3.SQLITE_RANGE:
			kind = fault.Internal
		}
		switch lite.Code() & 0xff {
		case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG:
			refused = true
		}
	}
	// The driver's own type ends here; what a caller may compare goes on.
	for _, known := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return fault.E(op, fault.Unavailable, known)
		}
	}
	if refused {
		return fault.E(op, kind, fmt.Errorf("%w: %s", errRefused, err.Error()))
	}
	return fault.E(op, kind, errors.New(err.Error()))
}

// errRefused means that the database refuses these very values (a constraint, a
// trigger, a size), and will again; a table or a right that is missing is not
// meant: there an operator puts it right, and nothing need be left out.
var errRefused = errors.New("the database refuses what was to be written")

// passing tells whether a PostgreSQL error class passes by itself: connection,
// resources, operator intervention, system error, serialization.
func passing(code string) bool {
	return hasClass(code, "08", "53", "57", "58", "40")
}

func hasClass(code string, classes ...string) bool {
	for _, class := range classes {
		if strings.HasPrefix(code, class) {
			return true
		}
	}
	return false
}

// errorWithoutDSN keeps a password out of an error text: drivers quote the
// connection string when they cannot parse it.
func errorWithoutDSN(err error, dsn DSN) error {
	if t := err.Error(); strings.Contains(t, string(dsn)) {
		return errors.New(strings.ReplaceAll(t, string(dsn), dsn.String()))
	}
	return err
}

// errCursor means that a paging cursor was not made by this package.
var errCursor = errors.New("cursor: not one that a list has given")
