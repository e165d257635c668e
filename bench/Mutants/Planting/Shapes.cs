using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Tidings.Bench.Mutants.Planting;

/// <summary>What a piece of C# looks like, as far as planting must know.</summary>
internal static partial class Shapes
{
    private const int Longest = 110;

    /// <summary>The text on one line, cut where it is long.</summary>
    public static string Short(string text)
    {
        var line = Spaces().Replace(text, " ").Replace('|', '¦').Trim();
        return line.Length <= Longest ? line : line[..(Longest - 1)] + "…";
    }

    /// <summary>The member that a node is in, by its name.</summary>
    public static string MemberOf(SyntaxNode node)
    {
        foreach (var ancestor in node.AncestorsAndSelf())
        {
            var name = ancestor switch
            {
                MethodDeclarationSyntax method => method.Identifier.Text,
                PropertyDeclarationSyntax property => property.Identifier.Text,
                ConstructorDeclarationSyntax constructor => constructor.Identifier.Text,
                OperatorDeclarationSyntax made => "operator " + made.OperatorToken.Text,
                FieldDeclarationSyntax field => field.Declaration.Variables[0].Identifier.Text,
                TypeDeclarationSyntax type => type.Identifier.Text,
                _ => null,
            };
            if (name is not null)
            {
                return name;
            }
        }

        return "";
    }

    /// <summary>The node's text without comments, on one line; null where a text runs over lines.</summary>
    public static string? Flat(SyntaxNode node)
    {
        var flat = node.ReplaceTrivia(node.DescendantTrivia(), static (trivia, _) => trivia.IsKind(SyntaxKind.WhitespaceTrivia) ? trivia : SyntaxFactory.Space).ToString();
        return flat.Contains('\n', StringComparison.Ordinal) ? null : flat;
    }

    /// <summary>Whether it declares a variable, so that it can stand there only once.</summary>
    public static bool Declares(SyntaxNode node) => node.DescendantNodesAndSelf().Any(static inner => inner is VariableDesignationSyntax);

    /// <summary>Whether it declares a variable that is given a value only where a pattern matches.</summary>
    public static bool DeclaresByPattern(SyntaxNode node) =>
        node.DescendantNodesAndSelf().Any(static inner => inner is VariableDesignationSyntax && !inner.Ancestors().Any(static ancestor => ancestor is DeclarationExpressionSyntax));

    public static bool IsText(ExpressionSyntax expression) => expression switch
    {
        InterpolatedStringExpressionSyntax => true,
        LiteralExpressionSyntax literal => literal.IsKind(SyntaxKind.StringLiteralExpression),
        BinaryExpressionSyntax { RawKind: (int)SyntaxKind.AddExpression } sum => IsText(sum.Left) || IsText(sum.Right),
        _ => false,
    };

    /// <summary>Whether its own parts are mutated, so that it needs no negation.</summary>
    public static bool IsTakenApart(ExpressionSyntax expression) => expression switch
    {
        ParenthesizedExpressionSyntax inner => IsTakenApart(inner.Expression),
        PrefixUnaryExpressionSyntax not => not.IsKind(SyntaxKind.LogicalNotExpression),
        LiteralExpressionSyntax => true,
        BinaryExpressionSyntax binary => !binary.IsKind(SyntaxKind.IsExpression) && !binary.IsKind(SyntaxKind.CoalesceExpression),
        _ => false,
    };

    /// <summary>Calls that no test has to notice: logs, traces, assertions, checks of arguments, hints to the runtime.</summary>
    public static bool IsUnjudged(ExpressionSyntax expression) => expression is InvocationExpressionSyntax call && Unjudged().IsMatch(call.Expression.ToString());

    /// <summary>The type that a return in this place gives, as written, without the task around it; null where it cannot be seen.</summary>
    public static string? ReturnedBy(SyntaxNode node)
    {
        foreach (var ancestor in node.Ancestors())
        {
            switch (ancestor)
            {
                case AnonymousFunctionExpressionSyntax:
                    return null;
                case LocalFunctionStatementSyntax local:
                    return Unwrapped(local.ReturnType, local.Modifiers);
                case MethodDeclarationSyntax method:
                    return Unwrapped(method.ReturnType, method.Modifiers);
                case OperatorDeclarationSyntax made:
                    return made.ReturnType.ToString();
                case AccessorDeclarationSyntax { RawKind: (int)SyntaxKind.SetAccessorDeclaration or (int)SyntaxKind.InitAccessorDeclaration }:
                    return null;
                case BasePropertyDeclarationSyntax property:
                    return property.Type.ToString();
                case ConstructorDeclarationSyntax:
                    return null;
            }
        }

        return null;
    }

    private static string Unwrapped(TypeSyntax type, SyntaxTokenList modifiers) =>
        modifiers.Any(SyntaxKind.AsyncKeyword) && type is GenericNameSyntax { TypeArgumentList.Arguments: [var inner] } ? inner.ToString() : type.ToString();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"Log\.|^Debug\.|^log|_log\b|[lL]ogger|ThrowIf|^GC\.|TrimExcess$|EnsureCapacity$|^Tracing\.|^activity")]
    private static partial Regex Unjudged();
}
