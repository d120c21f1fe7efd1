package rule

import (
	"math"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"github.com/fengsui/fengsui/shared/strict"
	"github.com/fengsui/fengsui/shared/wire"
)

const (
	maxExpression = 500 // characters
	maxNodes      = 100
)

// What an expression may use beside names and numbers.
var (
	functions = []string{"abs", "min", "max", "round"}
	operators = []string{"+", "-", "*", "/", "<", "<=", ">", ">=", "==", "!=", "and", "&&", "or", "||"}
)

// program is a compiled expression and the names it looks at.
type program struct {
	text  string
	run   *vm.Program
	names []string
}

// words walks an expression: it collects the names and the first thing that is more than arithmetic,
// comparison and logic.
type words struct {
	names   []string
	foreign string
}

// Visit implements ast.Visitor.
func (w *words) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		if !slices.Contains(w.names, n.Value) {
			w.names = append(w.names, n.Value)
		}
	case *ast.BuiltinNode:
		if !slices.Contains(functions, n.Name) {
			w.foreign = n.Name
		}
	case *ast.BinaryNode:
		if !slices.Contains(operators, n.Operator) {
			w.foreign = n.Operator
		}
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.UnaryNode, *ast.ConditionalNode:
	default:
		w.foreign = n.String()
	}
}

// program is the compiled expression. Without Validate it is compiled each time.
func (r *Rule) program() (*program, error) {
	if r.compiled != nil && r.compiled.text == r.Expression {
		return r.compiled, nil
	}
	tree, err := parser.Parse(r.Expression)
	if err != nil {
		return nil, strict.Bad("expression", "%w", err)
	}
	var found words
	ast.Walk(&tree.Node, &found)
	if found.foreign != "" {
		return nil, strict.Bad("expression", "%.60s is more than comparisons, arithmetic, and, or, not and %s", found.foreign, strings.Join(functions, ", "))
	}
	env := map[string]any{}
	for _, name := range found.names {
		env[name] = 0.0
	}
	run, err := expr.Compile(r.Expression, expr.Env(env), expr.AsBool(), expr.MaxNodes(maxNodes))
	if err != nil {
		return nil, strict.Bad("expression", "%w", err)
	}
	return &program{text: r.Expression, run: run, names: found.names}, nil
}

func (r *Rule) checkExpression() error {
	if r.Expression == "" || len(r.Expression) > maxExpression {
		return strict.Bad("expression", "must be 1 to %d characters", maxExpression)
	}
	if len(r.Inputs) > 0 && len(r.Devices) == 0 {
		return strict.Bad("devices", "an expression with inputs of other devices lists the devices it is about")
	}
	for name, in := range r.Inputs {
		if name == r.Property {
			return strict.Bad("inputs", "%s is the property of the device itself: name the other one differently", name)
		}
		if !wire.ValidID(name) || !wire.ValidID(in.Device) || !wire.ValidID(in.Property) {
			return strict.Bad("inputs", "%q needs a device and a property", name)
		}
	}
	if r.MaxAge < 0 || r.MaxAge > Duration(MaxFor) {
		return strict.Bad("max_age", "must lie between 0s and %s", MaxFor)
	}
	p, err := r.program()
	if err != nil {
		return err
	}
	switch {
	case !slices.Contains(p.names, r.Property):
		return strict.Bad("expression", "does not look at %s, whose alarm it is", r.Property)
	case len(p.names) > maxInputs:
		return strict.Bad("expression", "looks at more than %d properties", maxInputs)
	}
	for name := range r.Inputs {
		if !slices.Contains(p.names, name) {
			return strict.Bad("inputs", "%s is not used in the expression", name)
		}
	}
	for _, name := range p.names {
		if !wire.ValidID(name) {
			return strict.Bad("expression", "%q is not a property", name)
		}
	}
	r.compiled = p
	return nil
}

// uses reports whether the expression looks at this property of the rule's own device.
func (r *Rule) uses(property string) bool {
	if r.Condition != Expression {
		return false
	}
	if _, other := r.Inputs[property]; other {
		return false
	}
	p, err := r.program()
	return err == nil && slices.Contains(p.names, property)
}

// holds evaluates the expression. known is false while a value is missing or too old beside the newest.
func (r *Rule) holds(inputs map[string]wire.Point) (holds, known bool) {
	p, err := r.program()
	if err != nil {
		return false, false
	}
	maxAge := r.MaxAge
	if maxAge == 0 {
		maxAge = Duration(defaultMaxAge)
	}
	env := map[string]any{}
	oldest, newest := int64(math.MaxInt64), int64(math.MinInt64)
	for _, name := range p.names {
		v, ok := inputs[name]
		if !ok {
			return false, false
		}
		oldest, newest = min(oldest, v.At), max(newest, v.At)
		env[name] = v.Value
	}
	if newest-oldest > milliseconds(maxAge) {
		return false, false
	}
	out, err := expr.Run(p.run, env)
	holds, ok := out.(bool)
	return holds, err == nil && ok
}
