package node

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/goccy/go-yaml"

	"entente/border"
	ringing "entente/internal/bell"
	"entente/internal/peer"
	voprf "entente/match/watchlist"
	"entente/observable"
	"entente/watch/detect"
)

// Config is one node's configuration file, DIR/config.yaml. Every field has a
// usable zero value: a folder without the file is a node that listens where
// its charter says and reads no logs yet.
type Config struct {
	// Dir is the data folder. Not in the file.
	Dir string `yaml:"-"`
	// Listen is where partners connect, host:port; empty means the charter's address.
	Listen string `yaml:"listen"`
	// Console is where the console listens, a loopback host:port; empty means
	// 127.0.0.1 with a free port, "off" means none.
	Console string `yaml:"console"`
	// Sources are the log files and folders that this node watches.
	Sources []Source `yaml:"sources"`
	// WarningLists are files in MISP warning-list format and folders of them, beside the built-in ones.
	WarningLists []string `yaml:"warning_lists"`
	// Rules are files of Sigma rules and STIX patterns, and folders of them, that run on the logs of this node.
	Rules []string `yaml:"rules"`
	// Placeholders are files with one value a line, by the name that own Sigma rules write as %name%.
	Placeholders map[string]string `yaml:"placeholders"`
	// Packs are names of packs of rules that come with the program: "election".
	Packs []string `yaml:"packs"`
	// Senders are vendors and offices whose mail others may imitate: names and domains.
	Senders []detect.Sender `yaml:"senders"`
	// OwnAssets are addresses, networks and names of the party itself: an
	// indicator that names one is held back.
	OwnAssets []string `yaml:"own_assets"`
	// Release says who lets a sighting go back to the giver of an indicator:
	// "officer" (the default) or "automatic", and how many a day.
	Release Release `yaml:"release"`
	// Bells are rung for open incidents, in this order.
	Bells []Bell `yaml:"bells"`
	// HighWater is a file outside the data folder that remembers the largest
	// own head; empty means DIR.head beside the folder.
	HighWater string `yaml:"high_water"`
	// Decay says how long an indicator is watched after anybody last stood by it.
	Decay Decay `yaml:"decay"`
	// Archive says how events are kept for later indicators.
	Archive Archive `yaml:"archive"`
	// Tools is where the own side's tools connect, with their accounts.
	Tools Tools `yaml:"tools"`
	// Feeds are collections of TAXII servers that this node polls.
	Feeds []Feed `yaml:"feeds"`
	// Preserve are public pages that this node keeps copies of.
	Preserve []Preserved `yaml:"preserve"`
	// CertificateLogs are logs of Certificate Transparency that are read for names like those guarded.
	CertificateLogs []CertificateLog `yaml:"certificate_logs"`
	// Inventory is the JSON file that lists what is guarded around an election.
	Inventory string `yaml:"inventory"`
	// ResultsMiB is how much of fetched results pages is kept; 0 means 2048.
	ResultsMiB int64 `yaml:"results_mib"`
	// Match says how many guesses a partner may bring, where that is not the default.
	Match Match `yaml:"match"`
}

// Match is the own side's budgets for runs of match.
type Match struct {
	// Guesses is how many items a partner may bring in one epoch of the charter, by
	// class: hashes, names, addresses.
	Guesses map[string]int `yaml:"guesses"`
	// Blind is how many values of the own logs are asked about each hour on every list
	// that a partner has opened to this party, by class; none means that the watch
	// asks nothing. A question always has this size.
	Blind map[string]int `yaml:"blind"`
	// BlindEcho agrees to prove hits to lists that demand it.
	BlindEcho bool `yaml:"blind_echo"`
}

func (m Match) check() error {
	for name, g := range m.Guesses {
		known := slices.ContainsFunc(border.MatchClasses(), func(c border.MatchClass) bool { return c.Name == name })
		if !known || g < 0 {
			return fmt.Errorf("match: guesses: %.40q: %d: hashes, names or addresses, and a number from 0", name, g)
		}
	}
	for name, size := range m.Blind {
		known := slices.ContainsFunc(border.MatchClasses(), func(c border.MatchClass) bool { return c.Name == name })
		if !known || size < border.MatchMinItems || size > voprf.MaxQuery {
			return fmt.Errorf("match: blind: %.40q: %d: hashes, names or addresses, and a number from %d to %d", name, size, border.MatchMinItems, voprf.MaxQuery)
		}
	}
	return nil
}

// Source is one log source.
type Source struct {
	ID   string `yaml:"id"`   // names it for ever; empty means its path
	Path string `yaml:"path"` // file or folder, "-" for standard input
	Once bool   `yaml:"once"` // read to the end and seal, do not follow

	// NATS is the JetStream stream that lines are read from instead, as entente watch --to
	// fills it: nats:// or tls://host:port[,host:port...]/STREAM.
	NATS         string `yaml:"nats"`
	User         string `yaml:"user"` // how to log in there: files, never secrets
	PasswordFile string `yaml:"password_file"`
	TokenFile    string `yaml:"token_file"`
	NKeyFile     string `yaml:"nkey_file"`
	CredsFile    string `yaml:"creds_file"`
	CAFile       string `yaml:"ca_file"` // PEM file of who signs the servers' certificates

	// Syslog is where system logs are taken instead, as udp://, tcp:// or tls://host:port.
	Syslog string   `yaml:"syslog"`
	Cert   string   `yaml:"cert"`  // with tls://: PEM file of the own certificate
	Key    string   `yaml:"key"`   // and of its key
	Pins   []string `yaml:"pins"`  // with tls://: SHA-256 of the client certificates taken; empty means any, or none
	Allow  []string `yaml:"allow"` // networks that may send; empty means all
}

// stdin is the path of standard input.
const stdin = "-"

func (s Source) name() string {
	switch {
	case s.ID != "":
		return s.ID
	case s.Path == stdin:
		return "stdin"
	case s.Syslog != "":
		return "syslog-" + s.Syslog
	case s.NATS != "":
		return s.NATS
	}
	return s.Path
}

// isFile says that the source lies on this machine, to be read from its path.
func (s Source) isFile() bool { return s.Path != "" && s.Path != stdin }

// Release is the policy by which sightings go back.
type Release struct {
	Mode   string `yaml:"mode"`
	PerDay int    `yaml:"per_day"` // 0 means the charter's budget
}

// Options are what a caller hands a node beside its configuration: the world
// around it. Zero fields take the real one.
type Options struct {
	Listen     func(network, address string) (net.Listener, error)
	Dial       peer.DialFunc
	Now        func() time.Time
	Passphrase []byte
	// Ring, if set, changes how a bell reaches its place.
	Ring func(ringing.Config) ringing.Config
	// Tend is how often the archive and what rules wait for are looked after; zero
	// means each second.
	Tend time.Duration
	// Save is how often spent budgets are written down while they change; zero
	// means each second.
	Save time.Duration
	// Poll is how often log files are looked at, without notifications by the
	// file system; zero means both notifications and a look each second.
	Poll time.Duration
	// ListenPacket is Listen for datagrams; zero is the real one.
	ListenPacket func(network, address string) (net.PacketConn, error)
	// Stdin is what a source with the path "-" reads; nil means there is none.
	Stdin io.Reader
	// assembled, if set, sees the node before anything of it runs: tests plant
	// faults there, to see that they are found.
	assembled func(*Node)
}

func (o Options) withDefaults() Options {
	if o.Listen == nil {
		o.Listen = net.Listen
	}
	if o.ListenPacket == nil {
		o.ListenPacket = net.ListenPacket
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{Timeout: 10 * time.Second}).DialContext
	}
	if o.Save == 0 {
		o.Save = saveEvery
	}
	if o.Tend == 0 {
		o.Tend = time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.assembled == nil {
		o.assembled = func(*Node) {}
	}
	return o
}

// ReadConfig reads DIR/config.yaml strictly; a missing file is the zero Config.
func ReadConfig(dir string) (Config, error) {
	c := Config{Dir: dir}
	data, err := os.ReadFile(filepath.Join(dir, "config.yaml"))
	if errors.Is(err, os.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, fmt.Errorf("read the configuration: %w", err)
	}
	if len(data) > 1<<20 {
		return c, errors.New("config.yaml is larger than 1 MiB")
	}
	d := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict())
	if err := d.Decode(&c); err != nil && len(bytes.TrimSpace(data)) > 0 {
		return c, fmt.Errorf("config.yaml: %w", err)
	}
	c.Dir = dir
	return c, nil
}

// highWater is the path of the mark outside the folder.
func (c Config) highWater() string {
	if c.HighWater != "" {
		return c.HighWater
	}
	return filepath.Clean(c.Dir) + ".head"
}

// Decay changes single values of border.DefaultDecay.
type Decay struct {
	Threshold    *float64            `yaml:"threshold"`      // 0: nothing decays
	HalfLifeDays map[string]*float64 `yaml:"half_life_days"` // by type of value; 0: it does not decay
}

// decay is the decay that the gate applies.
func (c Config) decay() (border.Decay, error) {
	d := border.DefaultDecay()
	if c.Decay.Threshold != nil {
		d.Threshold = *c.Decay.Threshold
	}
	for t, n := range c.Decay.HalfLifeDays {
		switch typ := observable.Type(t); {
		case n == nil || !(*n >= 0 && *n <= maxHalfLife):
			return d, fmt.Errorf("decay: half_life_days of %q is a number of days up to %d", t, maxHalfLife)
		case !slices.Contains(observable.Types(), typ):
			return d, fmt.Errorf("decay: no type %q", t)
		case *n == 0:
			delete(d.HalfLife, typ)
		default:
			d.HalfLife[typ] = time.Duration(*n * float64(24*time.Hour))
		}
	}
	return d, d.Check()
}

const maxHalfLife = 10_000 // days

// policy is the release policy under the charter's budget.
func (c Config) policy(perDay int64) (border.ReleasePolicy, error) {
	p := border.ReleasePolicy{Mode: c.Release.Mode, PerDay: c.Release.PerDay}
	if p.Mode == "" {
		p.Mode = border.ModeOfficer
	}
	if p.Mode != border.ModeOfficer && p.Mode != border.ModeAutomatic {
		return p, fmt.Errorf("release mode %.20q: want %s or %s", p.Mode, border.ModeOfficer, border.ModeAutomatic)
	}
	if p.PerDay == 0 || int64(p.PerDay) > perDay {
		p.PerDay = int(min(perDay, border.MaxPerDay))
	}
	return p, p.Check()
}

// own parses the party's assets.
func (c Config) own() ([]observable.Value, error) {
	values := make([]observable.Value, 0, len(c.OwnAssets))
	for _, raw := range c.OwnAssets {
		v, err := observable.Detect(raw)
		if err != nil {
			return nil, fmt.Errorf("own_assets %q: %w", raw, err)
		}
		values = append(values, v)
	}
	return values, nil
}
