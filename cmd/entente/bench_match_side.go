package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"entente/internal/matchfile"
	"entente/match"
	"entente/statement"
)

// benchSideVerb starts one side of twoProcesses: side, number of items, folder,
// and the other's address, empty for the side that listens. People have no use
// for it.
const benchSideVerb = "match-side"

// pairSide is one side of a run in two processes.
type pairSide struct {
	mu    sync.Mutex // guards what follows
	moved *sync.Cond
	run   *match.Run
	ended bool
	out   io.Writer
	began time.Duration
	made  pairResult
}

// benchMatchSide is the process of one side.
func benchMatchSide(ctx context.Context, e env, args []string) (err error) {
	if len(args) != 4 {
		return usageError{benchSideVerb + " is for bench match --long alone"}
	}
	own, err := strconv.ParseUint(args[0], 10, 1)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	at, conns, err := pairConns(ctx, e.stdout, args[3])
	if err != nil {
		return err
	}
	defer func() { _ = at.Close(); _ = conns[0].Close(); _ = conns[1].Close() }()
	p := &pairSide{out: e.stdout}
	p.moved = sync.NewCond(&p.mu)
	set, space, err := pairFiles(filepath.Join(args[2], args[0]), int(own), n)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, set.Close(), space.Close()) }()
	agreed, keys, err := benchRun(n)
	if err != nil {
		return err
	}
	debug.SetGCPercent(matchfile.GCPercent) // as a node does for a run of this size
	p.began = cpuTime()
	p.run, err = match.New(match.Config{
		Agreed: agreed, Party: agreed.Manifest.Sides[own].Party, Key: keys[own], Set: set, Random: rand.Reader, Began: time.Unix(0, 0), Space: space,
	})
	if err != nil {
		return err
	}
	if err := p.run.Prepare(ctx, func(done, total int) { p.tell(done/2, total) }); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	defer context.AfterFunc(ctx, func() {
		p.end()
		_, _ = conns[0].Close(), conns[1].Close()
	})()
	g.Go(func() error { return p.answer(conns[1-own]) })
	g.Go(func() error {
		defer func() { _ = conns[own].Close() }()
		return p.play(&asking{conns[own], bufio.NewReaderSize(conns[own], 1<<16)})
	})
	if err := g.Wait(); err != nil {
		return err
	}
	return p.result()
}

// pairFiles writes a side's set into a file.
func pairFiles(dir string, side, n int) (*matchfile.Items, *matchfile.Space, error) {
	space, err := matchfile.NewSpace(filepath.Join(dir, "lists"))
	if err != nil {
		return nil, nil, err
	}
	path := filepath.Join(dir, "items")
	f, err := os.Create(path)
	if err != nil {
		return nil, nil, err
	}
	if err := errors.Join(matchfile.Write(f, benchSet(side, n)), f.Close()); err != nil {
		return nil, nil, err
	}
	set, err := matchfile.Open(path)
	return set, space, err
}

// pairConns connects the two sides twice: over the first north asks, over the
// second south.
func pairConns(ctx context.Context, out io.Writer, to string) (at io.Closer, conns [2]net.Conn, err error) {
	var dialer net.Dialer
	if to != "" {
		for i := range conns {
			if conns[i], err = dialer.DialContext(ctx, "tcp", to); err != nil {
				return nil, conns, err
			}
		}
		return conns[0], conns, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, conns, err
	}
	fmt.Fprintf(out, "at %s\n", l.Addr())
	for i := range conns {
		if conns[i], err = l.Accept(); err != nil {
			return nil, conns, errors.Join(err, l.Close())
		}
	}
	return l, conns, nil
}

func (p *pairSide) tell(done, total int) { fmt.Fprintf(p.out, "done %d %d\n", done, total) }

func (p *pairSide) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	p.moved.Broadcast()
}

// play asks for what the run wants until it is done.
func (p *pairSide) play(other *asking) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, place := time.Unix(0, 0), match.Place{}
	for !p.run.Done() && !p.ended {
		for _, id := range p.run.ToLog() {
			if err := p.run.Logged(now, id, place); err != nil {
				return err
			}
			p.moved.Broadcast()
		}
		if _, known := p.run.Count(); known {
			if err := p.run.Agree(); err != nil {
				return err
			}
			p.moved.Broadcast()
		}
		want := p.run.Want()
		if len(want) == 0 {
			if !p.run.Done() {
				p.moved.Wait()
			}
			continue
		}
		p.mu.Unlock()
		raw, err := other.get(want[0])
		p.mu.Lock()
		if err != nil {
			return err
		}
		err = p.run.Accept(now, raw, &place)
		if errors.Is(err, &statement.Refusal{Code: statement.CodeState}) {
			p.moved.Wait() // the own side is due first
			continue
		}
		if err != nil {
			return err
		}
		p.note(want[0].Kind, len(raw))
		p.moved.Broadcast()
	}
	return nil
}

// note keeps what has been used until both proofs held.
func (p *pairSide) note(k match.Kind, size int) {
	if k == match.KindChunk {
		done, total := p.run.Progress()
		p.tell(total+done, 2*total)
	}
	if p.made.CPU > 0 {
		return
	}
	p.made.Bytes += size
	if _, proven := p.run.Pairs(); proven {
		p.made.CPU = cpuTime() - p.began
	}
}

// answer serves the other side until it has enough. What is not ready is
// waited for.
func (p *pairSide) answer(conn net.Conn) error {
	for in := bufio.NewScanner(conn); in.Scan(); {
		id, err := match.ParseID(strings.TrimSpace(in.Text()))
		if err != nil {
			return err
		}
		raw, err := p.message(id)
		if err != nil {
			return err
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(raw))), raw...)); err != nil {
			return err
		}
	}
	return nil
}

func (p *pairSide) message(id match.ID) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		raw, err := p.run.Message(id)
		if !errors.Is(err, &statement.Refusal{Code: statement.CodeBusy}) {
			p.moved.Broadcast() // receipts that were shown let the run go on
			return raw, err
		}
		if p.ended {
			return nil, err
		}
		p.moved.Wait()
	}
}

// result is the last line of a side.
func (p *pairSide) result() error {
	p.made.Count, _ = p.run.Count()
	found, err := p.run.Matches()
	if err != nil {
		return err
	}
	p.made.Found = len(found)
	if err := p.run.WriteTranscript(io.Discard, true); err != nil {
		return err
	}
	p.made.Peak = peakResident()
	return json.NewEncoder(p.out).Encode(p.made)
}

// peakResident is how much memory this process had at most, in MiB; 0 where
// the system does not say it in this way.
func peakResident() float64 {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		var kib float64
		if _, err := fmt.Sscanf(line, "VmHWM: %f kB", &kib); err == nil {
			return kib / 1024
		}
	}
	return 0
}
