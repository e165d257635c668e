using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Tidings.Architecture.Tests.Reading;

/// <summary>Reads what the types of one folder use of other folders. What the code binds to counts, not comments and usings.</summary>
internal static class CodeReader
{
    public static IEnumerable<Dependency> Read(Compilation compilation)
    {
        foreach (var tree in compilation.SyntaxTrees.Where(tree => tree.FilePath.Length > 0))
        {
            var model = compilation.GetSemanticModel(tree);
            foreach (var node in tree.GetRoot().DescendantNodes(node => node is not UsingDirectiveSyntax))
            {
                if (node is not (SimpleNameSyntax or BaseObjectCreationExpressionSyntax or ConstructorInitializerSyntax))
                {
                    continue;
                }

                var info = model.GetSymbolInfo(node);
                foreach (var type in TypesOf(info.Symbol ?? info.CandidateSymbols.FirstOrDefault()))
                {
                    if (Place(type) is { } used && FolderOf(used.File) != FolderOf(tree.FilePath))
                    {
                        yield return new Dependency(FolderOf(tree.FilePath), PlaceOf(node), FolderOf(used.File), used);
                    }
                }
            }
        }
    }

    public static string FolderOf(string file) => file[..(file.LastIndexOf('/') + 1)];

    // A member belongs to its type, whatever the expression before it is; an extension to the class that it stands in.
    private static IEnumerable<INamedTypeSymbol> TypesOf(ISymbol? symbol) => symbol switch
    {
        INamedTypeSymbol type => [type],
        IMethodSymbol { MethodKind: MethodKind.LocalFunction or MethodKind.AnonymousFunction } => [],
        IMethodSymbol or IPropertySymbol or IFieldSymbol or IEventSymbol when symbol.ContainingType is { } type => [type],
        _ => [],
    };

    private static CodePlace? Place(INamedTypeSymbol type)
    {
        var declarations = type.OriginalDefinition.DeclaringSyntaxReferences;
        return declarations.Where(one => one.SyntaxTree.FilePath.Length > 0).Select(one => new CodePlace(
            type.Name, one.SyntaxTree.FilePath, LineOf(one.SyntaxTree, one.Span.Start))).OrderBy(place => place.File.Length).FirstOrDefault();
    }

    private static CodePlace PlaceOf(SyntaxNode node)
    {
        var declaration = node.AncestorsAndSelf().FirstOrDefault(one => one is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax);
        var name = declaration switch
        {
            BaseTypeDeclarationSyntax type => type.Identifier.Text,
            DelegateDeclarationSyntax type => type.Identifier.Text,
            _ => Path.GetFileNameWithoutExtension(node.SyntaxTree.FilePath),
        };
        return new CodePlace(name, node.SyntaxTree.FilePath, LineOf(node.SyntaxTree, node.SpanStart));
    }

    private static int LineOf(SyntaxTree tree, int position) => tree.GetLineSpan(new(position, 0)).StartLinePosition.Line + 1;
}
