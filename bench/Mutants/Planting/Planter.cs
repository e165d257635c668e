using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Tidings.Bench.Mutants.Planting;

/// <summary>Rewrites one file so that every mutant stands in it beside what was there. Lines stay where they are.</summary>
internal sealed partial class Planter(MutantList mutants, PlantedFile file) : CSharpSyntaxRewriter
{
    // What the compiler needs as a constant, and what says what went wrong rather than what to do.
    public override SyntaxNode? Visit(SyntaxNode? node) => node switch
    {
        PatternSyntax or AttributeListSyntax or ThrowStatementSyntax or ThrowExpressionSyntax or EnumDeclarationSyntax => node,
        CaseSwitchLabelSyntax or InterpolationAlignmentClauseSyntax or StackAllocArrayCreationExpressionSyntax or ArrayRankSpecifierSyntax => node,
        ParameterSyntax { Default: not null } => node,
        FieldDeclarationSyntax field when field.Modifiers.Any(SyntaxKind.ConstKeyword) => node,
        LocalDeclarationStatementSyntax local when local.Modifiers.Any(SyntaxKind.ConstKeyword) => node,
        MethodDeclarationSyntax { Identifier.Text: "GetHashCode" } => node,
        InvocationExpressionSyntax { Expression: IdentifierNameSyntax { Identifier.Text: "nameof" } } => node,
        ExpressionStatementSyntax { Expression: var expression } when Shapes.IsUnjudged(expression) => node,
        _ => base.Visit(node),
    };

    public override SyntaxNode? VisitExpressionStatement(ExpressionStatementSyntax node)
    {
        var visited = (ExpressionStatementSyntax)base.VisitExpressionStatement(node)!;
        if (Shapes.Declares(node) || GivesALocal(node.Expression))
        {
            return visited;
        }

        var removed = mutants.Number(file, node, "(removed)");
        var text = visited.WithoutTrivia().ToFullString();
        var kept = removed is null ? text : $"if (!{removed}) {text}";
        if (node.Expression is AssignmentExpressionSyntax assignment && Swapped(assignment.Kind()) is { } swapped && Shapes.Flat(node.Expression) is { } flat)
        {
            var other = flat.Replace($" {assignment.OperatorToken.Text} ", $" {swapped} ", StringComparison.Ordinal);
            if (mutants.Number(file, node, other) is { } isSwapped)
            {
                kept = $"if ({isSwapped}) {other}; else {kept}";
            }
        }

        return kept == text ? visited : Statement($"{{ {kept} }}", node);
    }

    public override SyntaxNode? VisitReturnStatement(ReturnStatementSyntax node)
    {
        if (node.Expression is not null)
        {
            var visited = (ReturnStatementSyntax)base.VisitReturnStatement(node)!;
            return visited.WithExpression(Returned(node.Expression, visited.Expression!));
        }

        return Skipped(node);
    }

    public override SyntaxNode? VisitContinueStatement(ContinueStatementSyntax node) => Skipped(node);

    public override SyntaxNode? VisitBreakStatement(BreakStatementSyntax node) => Skipped(node);

    public override SyntaxNode? VisitArrowExpressionClause(ArrowExpressionClauseSyntax node)
    {
        var visited = (ArrowExpressionClauseSyntax)base.VisitArrowExpressionClause(node)!;
        return visited.WithExpression(Returned(node.Expression, visited.Expression));
    }

    public override SyntaxNode? VisitIfStatement(IfStatementSyntax node)
    {
        var visited = (IfStatementSyntax)base.VisitIfStatement(node)!;
        return visited.WithCondition(Negated(node.Condition, visited.Condition));
    }

    public override SyntaxNode? VisitWhileStatement(WhileStatementSyntax node)
    {
        var visited = (WhileStatementSyntax)base.VisitWhileStatement(node)!;
        return visited.WithCondition(Negated(node.Condition, visited.Condition));
    }

    public override SyntaxNode? VisitConditionalExpression(ConditionalExpressionSyntax node)
    {
        var visited = (ConditionalExpressionSyntax)base.VisitConditionalExpression(node)!;
        return visited.WithCondition(Negated(node.Condition, visited.Condition));
    }

    // The end of a section of a switch has to stay.
    private StatementSyntax Skipped(StatementSyntax node) =>
        node.Parent is SwitchSectionSyntax || mutants.Number(file, node, "(removed)") is not { } removed ? node : Statement($"{{ if (!{removed}) {node.WithoutTrivia().ToFullString()} }}", node);

    // Locals and what goes out by parameters: without them it does not compile.
    private static bool GivesALocal(ExpressionSyntax expression) =>
        expression is AssignmentExpressionSyntax { RawKind: (int)SyntaxKind.SimpleAssignmentExpression, Left: var left }
        && (left is TupleExpressionSyntax || (left is IdentifierNameSyntax { Identifier.Text: var name } && char.IsAsciiLetterLower(name[0])));

    private static string? Swapped(SyntaxKind kind) => kind switch
    {
        SyntaxKind.AddAssignmentExpression => "-=",
        SyntaxKind.SubtractAssignmentExpression => "+=",
        SyntaxKind.OrAssignmentExpression => "&=",
        SyntaxKind.AndAssignmentExpression => "|=",
        SyntaxKind.LeftShiftAssignmentExpression => ">>=",
        SyntaxKind.RightShiftAssignmentExpression => "<<=",
        _ => null,
    };

    // Only the text matters from here on: it is compiled anew.
    private static ExpressionStatementSyntax Statement(string text, SyntaxNode from) =>
        SyntaxFactory.ExpressionStatement(Expression(text, from), SyntaxFactory.MissingToken(SyntaxKind.SemicolonToken));

    private static IdentifierNameSyntax Expression(string text, SyntaxNode from) =>
        SyntaxFactory.IdentifierName(SyntaxFactory.Identifier(from.GetLeadingTrivia(), text, from.GetTrailingTrivia()));
}
