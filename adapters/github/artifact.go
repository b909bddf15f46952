package github

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// packageArtifact is the name a builder gives the artifact that holds the package;
// it may have another one when it is the only artifact.
const packageArtifact = "package"

// unfit says that what a run made cannot be the package, now or later.
type unfit struct{ why string }

func (u *unfit) Error() string { return u.why }

// built gives the hex SHA-256 of the one file in a run's artifact: "" while there
// is no artifact.
func (p *Provider) built(ctx context.Context, repository string, run int64) (digest string, err error) {
	path := at(repository, "actions", "runs", strconv.FormatInt(run, 10), "artifacts")
	all, _, err := list[artifactWire](ctx, p.reads, path, "artifacts", nil)
	if err != nil {
		return "", err
	}
	if len(all) == 0 {
		return "", nil
	}
	chosen := all[0]
	for _, a := range all {
		if a.Name == packageArtifact {
			chosen = a
		}
	}
	if len(all) > 1 && chosen.Name != packageArtifact {
		return "", &unfit{fmt.Sprintf("run %d has %d artifacts and none is called %s; have the builder upload the package under this name", run, len(all), packageArtifact)}
	}
	b, err := p.download(ctx, at(repository, "actions", "artifacts", strconv.FormatInt(chosen.ID, 10), "zip"))
	if err != nil {
		return "", fmt.Errorf("download artifact %s: %w", chosen.Name, err)
	}
	return soleFile(b)
}

// soleFile gives the hex SHA-256 of the one regular file in a zip.
func soleFile(b []byte) (string, error) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return "", &unfit{"the artifact is no zip file: " + err.Error()}
	}
	var found *zip.File
	for _, f := range z.File {
		if !f.Mode().IsRegular() {
			continue
		}
		if found != nil {
			return "", &unfit{"the artifact holds more than one file; have the builder upload the package alone"}
		}
		found = f
	}
	if found == nil {
		return "", &unfit{"the artifact holds no file; have the builder upload the package"}
	}
	if found.UncompressedSize64 > most {
		return "", &unfit{errTooLarge.Error()}
	}
	r, err := found.Open()
	if err != nil {
		return "", fmt.Errorf("open the artifact's file: %w", err)
	}
	h := sha256.New()
	_, err = io.Copy(h, io.LimitReader(r, most+1)) // the size in the zip's index is only a claim
	if err := errors.Join(err, r.Close()); err != nil {
		return "", fmt.Errorf("read the artifact's file: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
