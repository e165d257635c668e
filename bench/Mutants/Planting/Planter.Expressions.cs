using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Tidings.Bench.Mutants.Planting;

internal sealed partial class Planter
{
    public override SyntaxNode? VisitBinaryExpression(BinaryExpressionSyntax node)
    {
        var visited = (BinaryExpressionSyntax)base.VisitBinaryExpression(node)!;
        if (node.Kind() is SyntaxKind.LogicalAndExpression or SyntaxKind.LogicalOrExpression)
        {
            return visited.WithLeft(Dropped(node, node.Left, visited.Left)).WithRight(Dropped(node, node.Right, visited.Right));
        }

        if (Shapes.Declares(node) || Shapes.Flat(node.Left) is not { } left || Shapes.Flat(node.Right) is not { } right)
        {
            return visited;
        }

        if (node.IsKind(SyntaxKind.CoalesceExpression))
        {
            return node.Right is ThrowExpressionSyntax ? visited : Switched(node, visited, [right]);
        }

        return node.IsKind(SyntaxKind.AddExpression) && Shapes.IsText(node)
            ? visited
            : Switched(node, visited, [.. Others(node.Kind()).Select(other => $"{left} {other} {right}")]);
    }

    public override SyntaxNode? VisitPrefixUnaryExpression(PrefixUnaryExpressionSyntax node)
    {
        var visited = (PrefixUnaryExpressionSyntax)base.VisitPrefixUnaryExpression(node)!;
        if (node.IsKind(SyntaxKind.LogicalNotExpression))
        {
            return Shapes.DeclaresByPattern(node) || mutants.Number(file, node, node.Operand.ToString()) is not { } negated
                ? visited
                : Expression($"({negated} ^ {visited.WithoutTrivia().ToFullString()})", node);
        }

        return node.Kind() switch
        {
            SyntaxKind.PreIncrementExpression when IsAValue(node) => Switched(node, visited, [$"--{Shapes.Flat(node.Operand)}"]),
            SyntaxKind.PreDecrementExpression when IsAValue(node) => Switched(node, visited, [$"++{Shapes.Flat(node.Operand)}"]),
            _ => visited,
        };
    }

    public override SyntaxNode? VisitPostfixUnaryExpression(PostfixUnaryExpressionSyntax node)
    {
        var visited = (PostfixUnaryExpressionSyntax)base.VisitPostfixUnaryExpression(node)!;
        return node.Kind() switch
        {
            SyntaxKind.PostIncrementExpression when IsAValue(node) => Switched(node, visited, [$"{Shapes.Flat(node.Operand)}--"]),
            SyntaxKind.PostDecrementExpression when IsAValue(node) => Switched(node, visited, [$"{Shapes.Flat(node.Operand)}++"]),
            _ => visited,
        };
    }

    public override SyntaxNode? VisitLiteralExpression(LiteralExpressionSyntax node) => node.Kind() switch
    {
        SyntaxKind.NumericLiteralExpression when !IsACapacity(node) => Switched(node, node, [$"{node.Token.Text} + 1"]),
        SyntaxKind.TrueLiteralExpression when IsGiven(node) => Switched(node, node, ["false"]),
        SyntaxKind.FalseLiteralExpression when IsGiven(node) => Switched(node, node, ["true"]),
        _ => node,
    };

    public override SyntaxNode? VisitMemberAccessExpression(MemberAccessExpressionSyntax node) => node.ToString() switch
    {
        "StringComparison.Ordinal" => Switched(node, node, ["StringComparison.OrdinalIgnoreCase"]),
        "StringComparison.OrdinalIgnoreCase" => Switched(node, node, ["StringComparison.Ordinal"]),
        "StringComparer.Ordinal" => Switched(node, node, ["StringComparer.OrdinalIgnoreCase"]),
        _ => base.VisitMemberAccessExpression(node),
    };

    public override SyntaxNode? VisitInvocationExpression(InvocationExpressionSyntax node)
    {
        var visited = (InvocationExpressionSyntax)base.VisitInvocationExpression(node)!;
        return node.Expression is MemberAccessExpressionSyntax { Name: IdentifierNameSyntax name } called && Opposite(name.Identifier.Text) is { } other
            && !Shapes.Declares(node) && Shapes.Flat(node.WithExpression(called.WithName(SyntaxFactory.IdentifierName(other)))) is { } flat
            ? Switched(node, visited, [flat])
            : visited;
    }

    private static IReadOnlyList<string> Others(SyntaxKind kind) => kind switch
    {
        SyntaxKind.LessThanExpression => ["<=", ">="],
        SyntaxKind.LessThanOrEqualExpression => ["<", ">"],
        SyntaxKind.GreaterThanExpression => [">=", "<="],
        SyntaxKind.GreaterThanOrEqualExpression => [">", "<"],
        SyntaxKind.EqualsExpression => ["!="],
        SyntaxKind.NotEqualsExpression => ["=="],
        SyntaxKind.AddExpression => ["-"],
        SyntaxKind.SubtractExpression => ["+"],
        SyntaxKind.MultiplyExpression => ["/"],
        SyntaxKind.DivideExpression => ["*"],
        SyntaxKind.ModuloExpression => ["*"],
        SyntaxKind.BitwiseAndExpression => ["|"],
        SyntaxKind.BitwiseOrExpression => ["&"],
        SyntaxKind.LeftShiftExpression => [">>"],
        SyntaxKind.RightShiftExpression => ["<<"],
        _ => [],
    };

    private static string? Opposite(string method) => method switch
    {
        "Min" => "Max",
        "Max" => "Min",
        "StartsWith" => "EndsWith",
        "EndsWith" => "StartsWith",
        "Any" => "All",
        "All" => "Any",
        _ => null,
    };

    // One condition of several no longer counts.
    private ExpressionSyntax Dropped(BinaryExpressionSyntax whole, ExpressionSyntax part, ExpressionSyntax visited)
    {
        if (part.IsKind(whole.Kind()) || Shapes.Declares(part))
        {
            return visited;
        }

        var isAnd = whole.IsKind(SyntaxKind.LogicalAndExpression);
        return mutants.Number(file, part, isAnd ? "true" : "false") is not { } dropped ? visited
            : Expression(isAnd ? $"({dropped} || ({visited.WithoutTrivia().ToFullString()}))" : $"(!{dropped} && ({visited.WithoutTrivia().ToFullString()}))", visited);
    }

    private ExpressionSyntax Negated(ExpressionSyntax node, ExpressionSyntax visited) =>
        Shapes.IsTakenApart(node) || Shapes.DeclaresByPattern(node) || mutants.Number(file, node, "(negated)") is not { } negated
            ? visited
            : Expression($"({negated} ^ ({visited.WithoutTrivia().ToFullString()}))", visited);

    private ExpressionSyntax Returned(ExpressionSyntax node, ExpressionSyntax visited)
    {
        var type = Shapes.ReturnedBy(node);
        if (type is null or "void" or "Task" or "ValueTask" || node is RefExpressionSyntax or ThrowExpressionSyntax || Shapes.Declares(node))
        {
            return visited;
        }

        var whole = type switch
        {
            "bool" => Negated(node, visited),
            "int" or "long" or "uint" or "ulong" or "double" when node is not LiteralExpressionSyntax => Switched(node, visited, ["0"]),
            "string" when node is not LiteralExpressionSyntax => Switched(node, visited, ["\"\""]),
            [.., '?'] when node is not LiteralExpressionSyntax => Switched(node, visited, ["null"]),
            _ => visited,
        };
        return Shapes.Flat(node) is not { } flat ? whole : Controlled(node, whole, flat);
    }

    // What the run is proven with: one twin that is the same, and one that throws.
    private ExpressionSyntax Controlled(ExpressionSyntax node, ExpressionSyntax visited, string flat)
    {
        if (node is LiteralExpressionSyntax or ConditionalExpressionSyntax or SwitchExpressionSyntax or CollectionExpressionSyntax or ImplicitObjectCreationExpressionSyntax or AnonymousFunctionExpressionSyntax)
        {
            return visited;
        }

        var throws = mutants.Number(file, node, "(throws)", Mutant.Throws);
        var same = mutants.Number(file, node, "(the same)", Mutant.Same);
        return throws is null || same is null ? visited
            : Expression($"({throws} ? throw new global::System.InvalidOperationException(\"planted\") : {same} ? ({flat}) : ({visited.WithoutTrivia().ToFullString()}))", visited);
    }

    private ExpressionSyntax Switched(ExpressionSyntax node, ExpressionSyntax visited, IReadOnlyList<string> others)
    {
        var text = visited.WithoutTrivia().ToFullString();
        var whole = text;
        foreach (var other in others)
        {
            if (mutants.Number(file, node, other) is { } chosen)
            {
                whole = $"({chosen} ? ({other}) : {(whole == text ? $"({text})" : whole)})";
            }
        }

        return whole == text ? visited : Expression(whole, visited);
    }

    private static bool IsAValue(ExpressionSyntax node) => node.Parent is not ExpressionStatementSyntax and not ForStatementSyntax;

    // A truth that is set, given or answered; as an argument it is mostly a name for a choice.
    private static bool IsGiven(ExpressionSyntax node) => node.Parent is EqualsValueClauseSyntax or AssignmentExpressionSyntax or ReturnStatementSyntax or ArrowExpressionClauseSyntax or SwitchExpressionArmSyntax;

    private static bool IsACapacity(ExpressionSyntax node) =>
        node.Parent is ArgumentSyntax { Parent: ArgumentListSyntax { Arguments.Count: 1, Parent: BaseObjectCreationExpressionSyntax } };
}
