package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"plenum/rooms"
	"plenum/rooms/postgres"
	"plenum/rooms/sqlite"
)

type userCmd struct {
	Add     userAddCmd     `cmd:"" help:"Add a user and print a password, or read one."`
	Passwd  userPasswdCmd  `cmd:"" help:"Give a user a new password. Sessions end."`
	List    userListCmd    `cmd:"" help:"List the users."`
	Disable userDisableCmd `cmd:"" help:"Let a user in no more, at once."`
	Enable  userEnableCmd  `cmd:"" help:"Let a disabled user in again."`
	Allow   userAllowCmd   `cmd:"" help:"Say from which addresses a user may call; none means from everywhere."`
}

// data is where everything is kept.
type data struct {
	Data        string `help:"Folder of the recordings, and of the database without --database-url." default:"./data" type:"path"`
	DatabaseURL string `help:"Keep users, rooms and secrets in this PostgreSQL instead of the folder." name:"database-url" placeholder:"URL"`
}

func (d data) open(ctx context.Context) (rooms.Store, error) {
	if d.DatabaseURL != "" {
		return postgres.Open(ctx, d.DatabaseURL)
	}
	return sqlite.Open(ctx, filepath.Join(d.Data, "plenum.db"))
}

// change reads a user, changes it and stores it.
func (d data) change(ctx context.Context, name string, change func(*rooms.User) error) (err error) {
	store, err := d.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	user, err := store.UserByName(ctx, name)
	if err != nil {
		return err
	}
	if err := change(&user); err != nil {
		return err
	}
	if err := store.UpdateUser(ctx, user); err != nil {
		return err
	}
	return noteCommand(ctx, store, "changeUser", user.Name)
}

// noteCommand puts into the audit log what a command did to a user.
func noteCommand(ctx context.Context, store rooms.Store, action, user string) error {
	return store.AppendAudit(ctx, []rooms.AuditEntry{{
		At: time.Now(), Kind: rooms.ActorServer, Actor: "command line", Action: action, Object: user, Outcome: rooms.OutcomeOK,
	}})
}

// password is how a command comes by one.
type password struct {
	PasswordStdin bool `help:"Read the password from standard input instead of making one."`
}

// get returns a checked password, and whether it was made here and must be shown.
func (p password) get(user string, in io.Reader) (text string, made bool, err error) {
	if !p.PasswordStdin {
		return newPassword(), true, nil
	}
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", false, fmt.Errorf("read the password: %w", err)
	}
	line = strings.TrimRight(line, "\r\n")
	return line, false, rooms.ValidatePassword(user, line)
}

// newPassword returns 100 random bits in letters and digits that can be told apart.
func newPassword() string { return strings.ToLower(rand.Text()[:20]) }

type userAddCmd struct {
	data
	password
	Name      string   `arg:"" help:"Name to log in with."`
	Role      string   `help:"admin sees and does everything, host reserves rooms." enum:"admin,host" default:"host"`
	AllowFrom []string `help:"Address or CIDR the user may call from; repeatable." placeholder:"CIDR"`
}

// Run adds a user.
func (c *userAddCmd) Run(ctx context.Context, term terminal) (err error) {
	text, made, err := c.get(c.Name, term.in)
	if err != nil {
		return err
	}
	store, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := addUser(ctx, store, c.Name, text, rooms.Role(c.Role), c.AllowFrom); err != nil {
		return err
	}
	return tellPassword(term.out, c.Name, text, made)
}

// addUser checks and stores a new user.
func addUser(
	ctx context.Context, store rooms.Store, name, password string, role rooms.Role, allow []string,
) error {
	prefixes, err := rooms.ParsePrefixes(allow)
	if err := errors.Join(
		rooms.ValidateUserName(name), rooms.ValidatePassword(name, password), rooms.ValidateRole(role), err,
	); err != nil {
		return err
	}
	hash, err := rooms.NewHasher(rooms.HashCost{}).Hash(ctx, password)
	if err != nil {
		return err
	}
	_, err = store.CreateUser(ctx, rooms.User{
		Name: name, PasswordHash: hash, Role: role, AllowFrom: prefixes, CreatedAt: time.Now(),
	})
	if err != nil {
		return err
	}
	return noteCommand(ctx, store, "createUser", name)
}

func tellPassword(out io.Writer, name, text string, made bool) error {
	if !made {
		_, err := fmt.Fprintf(out, "%s has the password you gave.\n", name)
		return err
	}
	_, err := fmt.Fprintf(out, "%s has the password %s (shown this once)\n", name, text)
	return err
}

type userPasswdCmd struct {
	data
	password
	Name string `arg:"" help:"The user's name."`
}

// Run gives a user a new password.
func (c *userPasswdCmd) Run(ctx context.Context, term terminal) error {
	text, made, err := c.get(c.Name, term.in)
	if err != nil {
		return err
	}
	hash, err := rooms.NewHasher(rooms.HashCost{}).Hash(ctx, text)
	if err != nil {
		return err
	}
	err = c.change(ctx, c.Name, func(u *rooms.User) error {
		u.PasswordHash = hash
		return nil
	})
	if err != nil {
		return err
	}
	return tellPassword(term.out, c.Name, text, made)
}

type userListCmd struct{ data }

// Run lists the users.
func (c *userListCmd) Run(ctx context.Context, term terminal) (err error) {
	store, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	users, err := store.Users(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(term.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tNAME\tROLE\tSTATE\tMAY CALL FROM\tADDED")
	for _, u := range users {
		state, from := "enabled", "everywhere"
		if u.Disabled {
			state = "disabled"
		}
		if len(u.AllowFrom) > 0 {
			from = strings.Trim(fmt.Sprint(u.AllowFrom), "[]")
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\n", u.ID, u.Name, u.Role, state, from, u.CreatedAt.Format(time.DateOnly))
	}
	return table.Flush()
}

type userDisableCmd struct {
	data
	Name string `arg:"" help:"The user's name."`
}

// Run disables a user.
func (c *userDisableCmd) Run(ctx context.Context) error { return c.setDisabled(ctx, c.Name, true) }

type userEnableCmd struct {
	data
	Name string `arg:"" help:"The user's name."`
}

// Run enables a user.
func (c *userEnableCmd) Run(ctx context.Context) error { return c.setDisabled(ctx, c.Name, false) }

func (d data) setDisabled(ctx context.Context, name string, disabled bool) error {
	return d.change(ctx, name, func(u *rooms.User) error {
		u.Disabled = disabled
		return nil
	})
}

type userAllowCmd struct {
	data
	Name string   `arg:"" help:"The user's name."`
	From []string `arg:"" optional:"" help:"Addresses and CIDRs." name:"cidr"`
}

// Run replaces a user's list of addresses.
func (c *userAllowCmd) Run(ctx context.Context) error {
	prefixes, err := rooms.ParsePrefixes(c.From)
	if err != nil {
		return err
	}
	return c.change(ctx, c.Name, func(u *rooms.User) error {
		u.AllowFrom = prefixes
		return nil
	})
}
