package mispfeed

import "entente/exchange/misp"

// ReadRemote reads a feed whose files open fetches, by the names that FeedFile
// and ManifestFile give; fs.ErrNotExist for one that is not there. Only events
// that fresh wants are fetched.
func ReadRemote(open func(name string) ([]byte, error), fresh func(misp.Entry) bool, visit func(e misp.Entry, raw []byte) error) (Report, error) {
	return read(remote(open), fresh, visit)
}

type remote func(name string) ([]byte, error)

func (r remote) open(name string) ([]byte, error) { return r(name) }

func (remote) names() ([]string, error) { return nil, nil }

func all(misp.Entry) bool { return true }
