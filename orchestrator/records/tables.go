package records

import (
	"context"
	"database/sql"
	"io/fs"
	"strings"

	"github.com/operadora/operadora/orchestrator/fault"
)

// Tables are those that another package keeps in this database. They have
// migrations of their own; connections, transactions and kinds of errors are the
// database's. Statements have ? for their arguments, and none inside a literal.
type Tables struct{ db *DB }

// Tables brings another package's tables up to date. files has their migrations in
// migrations/sqlite and migrations/postgres; name is theirs alone.
func (d *DB) Tables(ctx context.Context, name string, files fs.FS) (*Tables, error) {
	if err := d.migrate(ctx, files, "goose_"+name+"_version"); err != nil {
		return nil, fault.E("records.Tables", fault.Unavailable, err)
	}
	return &Tables{d}, nil
}

// Query calls fn for every row.
func (t *Tables) Query(ctx context.Context, fn func(*sql.Rows) error, query string, args ...any) error {
	rows, err := t.db.read.QueryContext(ctx, t.db.rebind(query), args...)
	return kept("records.Query", each(rows, err, fn))
}

// InTx runs fn in a transaction. What fn refuses by a fault of its own stays that fault.
func (t *Tables) InTx(ctx context.Context, fn func(tx *Tx) error) error {
	return kept("records.InTx", t.db.inTx(ctx, func(tx *transaction) error { return fn(&Tx{tx}) }))
}

// kept is classify for what may be a fault already.
func kept(op string, err error) error {
	if fault.KindOf(err) != fault.Internal {
		return err
	}
	return classify(op, err)
}

// Tx is a transaction on another package's tables.
type Tx struct{ tx *transaction }

// PlanAfresh has each statement of the transaction planned for its tables as they are. A
// plan that PostgreSQL has kept since they were empty reads them from end to end for every
// batch, until they are analysed. SQLite keeps none.
func (t *Tx) PlanAfresh(ctx context.Context) error {
	if t.tx.db.dialect != dialectPostgres {
		return nil
	}
	_, err := t.tx.ExecContext(ctx, "SET LOCAL plan_cache_mode = force_custom_plan")
	return err
}

// Exec runs a statement that comes again and again, and returns how many rows it changed.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := t.tx.run(ctx, query, args)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Query calls fn for every row.
func (t *Tx) Query(ctx context.Context, fn func(*sql.Rows) error, query string, args ...any) error {
	rows, err := t.tx.QueryContext(ctx, t.tx.db.rebind(query), args...)
	return each(rows, err, fn)
}

// Insert adds rows and returns how many; conflict is what becomes of those that are
// there: "" is an error, "ON CONFLICT (number) DO NOTHING" leaves them.
func (t *Tx) Insert(ctx context.Context, table, columns, conflict string, rows [][]any) (int64, error) {
	return t.tx.db.insertInto(ctx, t.tx, table, columns, " "+conflict, rows)
}

// Marks are n question marks, for lists of arguments.
func Marks(n int) string { return marks(n) }

// Text makes a text storable: PostgreSQL refuses NUL and broken UTF-8.
func Text(s string) string { return text(strings.Clone(s)) }
