package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"time"

	"entente/console"
)

// serve puts the three parties side by side on one page of its own and
// returns the one-time link to it.
func (x *exercise) serve(ctx context.Context) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen for the page of the exercise: %w", err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "", err
	}
	users, err := console.NewUsers(nil, nil)
	if err != nil {
		return "", err
	}
	if err := users.Put(console.User{Name: "exercise", Roles: []console.Role{console.RoleAdministrator}}); err != nil {
		return "", err
	}
	var lanes []console.Lane
	for _, name := range []string{north, observer, south} {
		n := x.stage.nodes[name]
		if n == nil {
			continue // a liar's lane would show nothing true
		}
		source, err := n.As(ctx, console.User{Name: "exercise"})
		if err != nil {
			return "", err
		}
		lanes = append(lanes, console.Lane{Source: source, Entry: func() (string, error) { return n.EntryLink("exercise") }})
	}
	page, err := console.NewExercise(console.ExerciseConfig{Host: "exercise.localhost:" + port, Users: users, Now: time.Now, Rand: rand.Reader, EntryCommand: "entente link --user exercise --dir " + x.stage.folder(observer)}, lanes...)
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: page, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	context.AfterFunc(ctx, func() { page.Close(); _ = server.Close() })
	x.stage.group.Go(func() { _ = server.Serve(l) })
	return page.EntryLink("exercise")
}
