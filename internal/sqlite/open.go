package sqlite

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"modernc.org/sqlite"
)

//go:embed view.sql
var viewSchema string

//go:embed view_query.sql
var viewQueries string

//go:embed object_query.sql
var objectQueries string

//go:embed accord_query.sql
var accordQueries string

//go:embed watch.sql
var watchSchema string

//go:embed watch_query.sql
var watchQueries string

// fullCode is SQLITE_FULL.
const fullCode = 13

// IsFull says that a write failed because the disk is full: nothing was
// changed, and it may work again later.
func IsFull(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == fullCode
}

// database is one file with one writer and several readers (WAL).
type database struct {
	write, read *sql.DB
	query       map[string]string
	texts       texts
}

// open opens or creates a database. synchronous is FULL where the file is the
// truth of something and NORMAL where it can be rebuilt.
func open(ctx context.Context, path, schema, queries, synchronous string) (*database, error) {
	pragmas := url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(" + synchronous + ")", "busy_timeout(10000)", "temp_store(MEMORY)"}}
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + pragmas.Encode()
	d := &database{query: named(queries)}
	var err error
	if d.write, err = openDB(dsn + "&_txlock=immediate"); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	d.write.SetMaxOpenConns(1)
	if _, err := d.write.ExecContext(ctx, schema); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), d.write.Close())
	}
	if d.read, err = openDB(dsn + "&mode=ro"); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), d.write.Close())
	}
	d.read.SetMaxOpenConns(4)
	return d, nil
}

// close closes what was prepared with its connections.
func (d *database) close() error { return errors.Join(d.read.Close(), d.write.Close()) }

// named splits a .sql file at its "-- name: x" lines. Nothing may follow the
// semicolon: the driver prepares a text with anything behind it, a line's end
// even, anew for each run.
func named(text string) map[string]string {
	m := make(map[string]string)
	for _, block := range strings.Split(text, "-- name: ")[1:] {
		name, body, _ := strings.Cut(block, "\n")
		m[name] = strings.TrimSpace(body)
	}
	return m
}

// q returns a query by its name; a name that the file lacks is a bug that the
// first run of any test meets.
func (d *database) q(name string) string {
	text, ok := d.query[name]
	if !ok {
		panic("sqlite: no query named " + name)
	}
	return text
}

// tx runs f in one transaction of the writer.
func (d *database) tx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := f(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// count runs a query for one number. No row is zero.
func (d *database) count(ctx context.Context, name string, args ...any) (int64, error) {
	var n int64
	err := d.row(ctx, d.q(name), args...).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return n, nil
}

// each runs a query and scans every row with f.
func (d *database) each(ctx context.Context, name string, f func(*sql.Rows) error, args ...any) error {
	return d.eachOf(ctx, name, d.q(name), f, args...)
}

// eachOf is each of a query by its text.
func (d *database) eachOf(ctx context.Context, name, text string, f func(*sql.Rows) error, args ...any) error {
	rows, err := d.rows(ctx, text, args)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return rows.Err()
}
