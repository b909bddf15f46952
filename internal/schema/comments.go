package schema

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strings"
)

// Read gives the comments of the types in the given folders of a module's sources:
// what stands above or beside a field, and above a type. A type of words tells the
// words that are known.
func Read(module fs.FS, folders ...string) (Comments, error) {
	out := Comments{}
	for _, dir := range folders {
		entries, err := fs.ReadDir(module, dir)
		if err != nil {
			return nil, fmt.Errorf("read comments: %w", err)
		}
		for _, e := range entries {
			if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
				continue
			}
			if err := out.file(module, path.Join(dir, e.Name())); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func (c Comments) file(module fs.FS, name string) error {
	src, err := fs.ReadFile(module, name)
	if err != nil {
		return fmt.Errorf("read comments: %w", err)
	}
	f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("read comments: %w", err)
	}
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, s := range g.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				c.named(f.Name.Name, s, g.Doc)
			case *ast.ValueSpec:
				c.word(f.Name.Name, s)
			}
		}
	}
	return nil
}

func (c Comments) named(pkg string, s *ast.TypeSpec, above *ast.CommentGroup) {
	name := pkg + "." + s.Name.Name
	if s.Doc != nil {
		above = s.Doc
	}
	// Words of the type may have come before it.
	c[name] = strings.TrimSpace(sentence(above) + " " + c[name])
	st, ok := s.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, f := range st.Fields.List {
		for _, n := range f.Names {
			if text := sentence(f.Doc, f.Comment); text != "" {
				c[name+"."+n.Name] = text
			}
		}
	}
}

// word adds a constant to what is said of its type.
func (c Comments) word(pkg string, s *ast.ValueSpec) {
	t, ok := s.Type.(*ast.Ident)
	if !ok {
		return
	}
	for i := range s.Names {
		if i >= len(s.Values) {
			continue
		}
		lit, ok := s.Values[i].(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			continue
		}
		name := pkg + "." + t.Name
		if c[name] != "" {
			c[name] += " "
		}
		c[name] += lit.Value
		if text := sentence(s.Comment); text != "" {
			c[name] += " (" + strings.TrimSuffix(text, ".") + ")"
		}
		c[name] += ";"
	}
}

// sentence is a comment as one line.
func sentence(groups ...*ast.CommentGroup) string {
	var parts []string
	for _, g := range groups {
		if g != nil {
			parts = append(parts, strings.Join(strings.Fields(g.Text()), " "))
		}
	}
	return strings.TrimSpace(strings.Join(parts, " "))
}
