package workflow

import (
	"fmt"
	"testing"
)

func TestScratch(t *testing.T) {
	f := Parse(".github/workflows/x.yml", []byte("\xef\xbb\xbfon: [pull_request_target, push]\r\nenv:\r\n  A: ${{ secrets.A }}\r\njobs:\r\n  Checks:\r\n    runs-on: ubuntu-latest\r\n    permissions: {id-token: write}\r\n    steps:\r\n      - uses: actions/checkout@v4\r\n        with:\r\n          ref: ${{ github.head_ref }}\r\n      - run: |\r\n          echo hi\r\n          echo ${{ secrets['b'] }} ${{ toJSON(secrets) }} ${{ secrets[matrix.x] }}\r\n        if: secrets.C != ''\r\n        weird: ${{ secrets.D }}\r\n"))
	fmt.Printf("%+v\n", f)
	for _, r := range f.Jobs[0].Refs {
		fmt.Printf("%+v\n", r)
	}
}
