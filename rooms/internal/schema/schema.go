// Package schema brings a store's tables up to date, and leaves alone those
// that a newer Plenum has changed.
package schema

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// ErrNewer is returned for a database that a newer Plenum has written.
var ErrNewer = errors.New("the database was written by a newer version of plenum")

// Migrate runs those scripts of the folder migrations that db has not seen.
// It changes nothing that is newer than the newest script.
func Migrate(ctx context.Context, dialect goose.Dialect, db *sql.DB, migrations fs.FS, options ...goose.ProviderOption) error {
	scripts, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(dialect, db, scripts, options...)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	have, want, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if have > want {
		return fmt.Errorf("%w: its schema is %d, this one knows %d", ErrNewer, have, want)
	}
	if have == want {
		return nil
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate schema from %d to %d: %w", have, want, err)
	}
	return nil
}
