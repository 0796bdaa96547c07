package lookup

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// SQL is how a source is asked by SQL.
type SQL struct {
	Driver string   // "pgx" or "sqlite", which orchestrator/records links
	DSN    string   // it may hold a password
	Query  string   // with the driver's marks in place of the parameters
	Params []string // in the order of the marks
	Conns  int
}

const (
	// mostRows and mostText bound what one answer may hold, in rows and in bytes.
	mostRows = 50
	mostText = 64 << 10
	// restTime is how long a connection is kept that nobody uses.
	restTime = 5 * time.Minute
)

// refuses implements Maker: whatever is bound is data.
func (s *SQL) refuses(map[string]string) string { return "" }

// open implements Maker.
func (s *SQL) open(Parts) asker {
	db, err := sql.Open(s.Driver, s.DSN)
	if err != nil { // it connects later, so that only the DSN can be wrong, which the error may hold
		return broken{errors.New("its dsn cannot be read")}
	}
	db.SetMaxOpenConns(s.Conns)
	db.SetMaxIdleConns(s.Conns)
	db.SetConnMaxIdleTime(restTime)
	return &sqlAsker{SQL: s, db: db}
}

// broken is a source that cannot be asked.
type broken struct{ why error }

func (b broken) ask(context.Context, map[string]string) (any, bool, error) { return nil, false, b.why }
func (broken) close()                                                      {}

type sqlAsker struct {
	*SQL
	db *sql.DB
}

func (s *sqlAsker) close() { _ = s.db.Close() } // it was only read

// ask reads in a transaction that may change nothing, and that ends with it.
func (s *sqlAsker) ask(ctx context.Context, values map[string]string) (doc any, found bool, err error) {
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, false, refusal(err)
	}
	defer func() { _ = tx.Rollback() }() // there is nothing to keep
	if until, ok := ctx.Deadline(); ok && s.Driver == driverPostgres {
		// The server gives up as well: a connection that is dropped may leave it at work.
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("SET LOCAL statement_timeout = %d", max(1, time.Until(until).Milliseconds()))); err != nil {
			return nil, false, refusal(err)
		}
	}
	args := make([]any, len(s.Params))
	for i, name := range s.Params {
		args[i] = values[name]
	}
	rows, err := tx.QueryContext(ctx, s.Query, args...)
	if err != nil {
		return nil, false, refusal(err)
	}
	defer func() { _ = rows.Close() }() // its error is that of rows.Err
	list, err := document(rows)
	return list, len(list) > 0, err
}

// document makes a list of objects of rows.
func document(rows *sql.Rows) ([]any, error) {
	columns, err := rows.Columns()
	if err != nil {
		return nil, refusal(err)
	}
	var list []any
	size := 0
	for rows.Next() {
		if len(list) == mostRows {
			return nil, fmt.Errorf("its answer has more than %d rows", mostRows)
		}
		cells, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, refusal(err)
		}
		row := map[string]any{}
		for i, name := range columns {
			v := cell(cells[i])
			if text, ok := v.(string); ok {
				size += len(text)
			}
			row[name] = v
		}
		if size > mostText {
			return nil, fmt.Errorf("its answer is longer than %d kB", mostText>>10)
		}
		list = append(list, row)
	}
	return list, refusal(rows.Err())
}

// cell is a value of a database as JSON has it.
func cell(v any) any {
	switch v := v.(type) {
	case nil, bool, string:
		return v
	case []byte:
		return string(v)
	case int64:
		return json.Number(strconv.FormatInt(v, 10))
	case float64:
		return json.Number(strconv.FormatFloat(v, 'f', -1, 64))
	case time.Time:
		return v.Format(time.RFC3339)
	}
	return fmt.Sprint(v)
}

// refusal tells what a database says, without what it repeats of the values. Errors about
// values alone are not held against it.
func refusal(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		switch state := e.SQLState(); {
		case state == "57014": // it gave up by statement_timeout, before we did
			return context.DeadlineExceeded
		case strings.HasPrefix(state, "22"): // of a value; the text has it
			return unfit{fmt.Errorf("the database refuses a value (SQLSTATE %s)", state)}
		case strings.HasPrefix(state, "28"):
			return fmt.Errorf("the database refuses the login (SQLSTATE %s): the secret in its dsn is wrong or has expired", state)
		case strings.HasPrefix(state, "42"), strings.HasPrefix(state, "25"):
			return fmt.Errorf("the database refuses the query: %s", e.Error())
		default:
			return fmt.Errorf("the database refuses the query (SQLSTATE %s)", state)
		}
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e
	}
	if e, ok := errors.AsType[interface {
		error
		Code() int
	}](err); ok { // of SQLite, which repeats no values
		return fmt.Errorf("the database refuses the query: %s", e.Error())
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return err
	}
	return errors.New("the database cannot be asked")
}

const (
	driverPostgres = "pgx"
	driverSQLite   = "sqlite"
)

// marked puts a driver's marks in place of the parameters of a query.
func marked(driver string, query template) (text string, params []string) {
	marks := map[string]string{}
	return query.mark(func(name string) string {
		if marks[name] == "" {
			params = append(params, name)
			marks[name] = map[string]string{driverPostgres: "$", driverSQLite: "?"}[driver] + strconv.Itoa(len(params))
		}
		return marks[name]
	}), params
}

// source reads where a database is: sqlite:<file> or postgres://… .
func dataSource(dsn string) (driver, name string, ok bool) {
	scheme, rest, _ := strings.Cut(dsn, ":")
	switch {
	case scheme == "sqlite" && rest != "":
		return driverSQLite, "file:" + (&url.URL{Path: rest}).EscapedPath() + "?mode=rw&_pragma=query_only(1)&_pragma=busy_timeout(1000)", true
	case scheme == "postgres" || scheme == "postgresql":
		_, err := url.Parse(dsn)
		return driverPostgres, dsn, err == nil
	}
	return "", "", false
}

// holdsPassword tells whether a DSN has one.
func holdsPassword(dsn string) bool {
	u, err := url.Parse(dsn)
	if err != nil {
		return true
	}
	_, has := u.User.Password()
	return has || u.Query().Has("password")
}
