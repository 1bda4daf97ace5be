package node

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"entente/internal/keyfile"
)

// notAsFiles are the files of a data folder that a backup does not copy as they
// are, and why, as patterns of path.Match. What is neither here nor among keptFiles
// and bulkyFiles is lost with the disk, and nobody decided that it may be.
func notAsFiles() map[string]string {
	return map[string]string{
		"log/*":      "copied as a stick",
		"mirror/*/*": "copied as a stick",
		"heads/*":    "copied as the newest head of each log",
		"archive/*":  "its complete segments are copied; what lies in none yet is read again, or is gone",
		"watch.db":   "copied by the database", "watch.db-shm": "the database's", "watch.db-wal": "the database's",
		"view.db": "computed from the logs", "view.db-shm": "the database's", "view.db-wal": "the database's",
		keyfile.FileName: "a key, kept apart", rotateDir + "/*": "a key, kept apart",
		signingDir + "/*": "before a charter is in force; then it is in the charter's file and consents",
		ControlSocket:     "while a process runs", controlPath: "while a process runs",
		matchDir + "/" + matchPendingDir + "/*": "under way", matchDir + "/" + matchWorkDir + "/*/*": "under way",
		matchDir + "/" + matchOpenedDir + "/*": "under way", matchDir + "/" + matchListsDir + "/*/tokens*": "under way",
		matchDir + "/" + matchListsDir + "/*/outline": "under way",
		matchDir + "/" + matchListsDir + "/*/query-*": "under way", matchDir + "/" + matchListsDir + "/*/answer-*": "under way",
	}
}

// ofTests are files that tests of this package put into a data folder, and no node does.
func ofTests() []string {
	return []string{"list.json", "logs/*", "exports/*", "*.log", "*.csv", "clerk.secret", rollsDir, evidenceDir}
}

// placed fails for every file of a data folder that a backup neither has nor
// leaves out by name. Every test of a unit ends with it.
func (u *unit) placed(name string) {
	u.t.Helper()
	patterns := slices.AppendSeq(ofTests(), maps.Keys(notAsFiles()))
	err := fs.WalkDir(os.DirFS(u.path(name)), ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || backupFile(file) || strings.HasSuffix(file, ".new") {
			return err
		}
		for _, pattern := range patterns {
			if is, err := path.Match(pattern, file); is || err != nil {
				return err
			}
		}
		u.t.Errorf("%s: %s is in no backup, and not named as left out", name, file)
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		u.t.Error(err)
	}
}
