package github

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/google/go-github/v62/github"

	"github.com/firebreak/firebreak/adapters"
)

// most is the largest download that is kept.
const most = 512 << 20

var errTooLarge = fmt.Errorf("larger than %d MB", most>>20)

// download asks for a log or artifact and follows the address GitHub gives, at
// once, because it works for one minute; the address is never kept. Our token does
// not go to the other host.
// Source: GitHub REST reference, "Download workflow run logs", "Download an artifact".
func (p *Provider) download(ctx context.Context, path string) ([]byte, error) {
	body, err := p.fetch(ctx, path)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(body, most+1))
	err = errors.Join(err, body.Close())
	switch {
	case err != nil:
		return nil, fmt.Errorf("the download broke off: %w", err)
	case len(b) > most:
		return nil, errTooLarge
	}
	return b, nil
}

// fetch is download for what is read piece by piece. The caller closes it.
func (p *Provider) fetch(ctx context.Context, path string) (io.ReadCloser, error) {
	to, err := p.lent(ctx, path)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil)
	if err != nil {
		return nil, errors.New("the address of a download is not one")
	}
	req.Header.Set("User-Agent", p.agent())
	resp, err := p.downloads.Do(req)
	if err != nil {
		return nil, errors.New(adapters.Cause(err)) // an address holds a signature in its query
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("the download answered %d", resp.StatusCode), resp.Body.Close())
	}
	return resp.Body, nil
}

// lent reads the address of a download out of a redirect.
func (p *Provider) lent(ctx context.Context, path string) (*url.URL, error) {
	req, err := p.reads.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := p.reads.BareDo(ctx, req)
	var said *github.ErrorResponse
	if errors.As(err, &said) && said.Response.StatusCode == http.StatusFound {
		return said.Response.Location()
	}
	if err != nil {
		return nil, err
	}
	return nil, errors.Join(errors.New("GitHub answered without an address to download from"), resp.Body.Close())
}
