package cli

import (
	"io"
	"testing"

	"github.com/firebreak/firebreak/internal/boundary"
	"github.com/firebreak/firebreak/internal/checkout"
	"github.com/firebreak/firebreak/internal/inventory"
)

func BenchmarkWhole(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		src, _, err := checkout.Read("/tmp/flat", "")
		if err != nil {
			b.Fatal(err)
		}
		models := inventory.Parse([]inventory.Source{src})
		inv := inventory.Build(models, nil, nil)
		inv = inv.WithFindings(boundary.Check(models, inv))
		out, _ := inventory.Encode(inv)
		io.Discard.Write(out)
	}
}
