package api

import (
	"context"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/operadora/operadora/api/web"
	"github.com/operadora/operadora/api/wire"
)

// pagesPolicy allows the pages what they are made of, all of it from here. Markup becomes
// elements only through the two policies that are named: the one of the library that draws
// the pages, and the one that starts their worker.
const pagesPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; media-src 'self'; " +
	"connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types svelte-trusted-html operadora-worker"

// pageFile is a file of the pages.
type pageFile struct {
	kind, cache string
	body, gzip  []byte
	zipped      bool // the client takes gzip
}

func (f pageFile) write(w http.ResponseWriter) error {
	h := w.Header()
	h.Set("Content-Security-Policy", pagesPolicy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set(echo.HeaderCacheControl, f.cache)
	h.Set(echo.HeaderContentType, f.kind)
	body := f.body
	if f.gzip != nil {
		h.Set(echo.HeaderVary, echo.HeaderAcceptEncoding)
		if f.zipped {
			h.Set(echo.HeaderContentEncoding, "gzip")
			body = f.gzip
		}
	}
	_, err := w.Write(body)
	return err
}

// VisitGetPageResponse implements GetPageResponseObject.
func (f pageFile) VisitGetPageResponse(w http.ResponseWriter) error { return f.write(w) }

// VisitGetPageFileResponse implements GetPageFileResponseObject.
func (f pageFile) VisitGetPageFileResponse(w http.ResponseWriter) error { return f.write(w) }

// GetPage implements StrictServerInterface.
func (s operations) GetPage(context.Context, GetPageRequestObject) (GetPageResponseObject, error) {
	page, _ := web.Index()
	return pageFile{kind: echo.MIMETextHTMLCharsetUTF8, cache: "no-cache", body: page}, nil
}

// GetPageFile implements StrictServerInterface.
func (s operations) GetPageFile(ctx context.Context, r GetPageFileRequestObject) (GetPageFileResponseObject, error) {
	kind := mime.TypeByExtension(path.Ext(r.File))
	body, gzip, err := web.Asset(r.File)
	if err != nil || kind == "" {
		return nil, problem{Status: http.StatusNotFound, Code: wire.ProblemCodeNotFound, Detail: "the pages have no such file"}
	}
	return pageFile{kind: kind, cache: "public, max-age=31536000, immutable", body: body, gzip: gzip,
		zipped: strings.Contains(askerOf(ctx).request.Header.Get(echo.HeaderAcceptEncoding), "gzip")}, nil
}
