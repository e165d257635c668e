using Microsoft.CodeAnalysis;

namespace Tidings.Architecture.Tests.Reading;

/// <summary>What a compilation shows to others: a line for each type and each of its members.</summary>
internal static class PublicApi
{
    private static readonly SymbolDisplayFormat TypeFormat = new(
        SymbolDisplayGlobalNamespaceStyle.Omitted,
        SymbolDisplayTypeQualificationStyle.NameAndContainingTypesAndNamespaces,
        SymbolDisplayGenericsOptions.IncludeTypeParameters | SymbolDisplayGenericsOptions.IncludeVariance,
        propertyStyle: SymbolDisplayPropertyStyle.ShowReadWriteDescriptor,
        miscellaneousOptions: SymbolDisplayMiscellaneousOptions.UseSpecialTypes | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    private static readonly SymbolDisplayFormat MemberFormat = TypeFormat
        .WithMemberOptions(SymbolDisplayMemberOptions.IncludeContainingType | SymbolDisplayMemberOptions.IncludeParameters | SymbolDisplayMemberOptions.IncludeType | SymbolDisplayMemberOptions.IncludeConstantValue
            | SymbolDisplayMemberOptions.IncludeModifiers | SymbolDisplayMemberOptions.IncludeRef)
        .WithParameterOptions(SymbolDisplayParameterOptions.IncludeType | SymbolDisplayParameterOptions.IncludeName | SymbolDisplayParameterOptions.IncludeDefaultValue | SymbolDisplayParameterOptions.IncludeParamsRefOut
            | SymbolDisplayParameterOptions.IncludeExtensionThis)
        .WithGenericsOptions(SymbolDisplayGenericsOptions.IncludeTypeParameters | SymbolDisplayGenericsOptions.IncludeTypeConstraints);

    public static IReadOnlyList<string> Of(Compilation compilation) =>
        [.. Types(compilation.Assembly.GlobalNamespace).OrderBy(static type => type.ToDisplayString(TypeFormat), StringComparer.Ordinal).SelectMany(Lines)];

    private static IEnumerable<INamedTypeSymbol> Types(INamespaceOrTypeSymbol parent)
    {
        foreach (var member in parent.GetMembers().OfType<INamespaceOrTypeSymbol>())
        {
            if (member is INamedTypeSymbol type)
            {
                if (!IsShown(type))
                {
                    continue;
                }

                yield return type;
            }

            foreach (var inner in Types(member))
            {
                yield return inner;
            }
        }
    }

    private static IEnumerable<string> Lines(INamedTypeSymbol type)
    {
        var modifiers = type is { TypeKind: TypeKind.Class, IsStatic: true } ? "static " : type is { TypeKind: TypeKind.Class, IsAbstract: true } ? "abstract " : type is { TypeKind: TypeKind.Class, IsSealed: true } ? "sealed " : "";
        var kind = (type.IsRecord ? "record " : "") + type.TypeKind.ToString().ToLowerInvariant();
        var bases = type.AllInterfaces.Where(IsShown).Select(static one => one.ToDisplayString(TypeFormat)).Order(StringComparer.Ordinal).ToList();
        if (type.BaseType is { SpecialType: SpecialType.None, TypeKind: TypeKind.Class } parent)
        {
            bases.Insert(0, parent.ToDisplayString(TypeFormat));
        }

        yield return $"{modifiers}{kind} {type.ToDisplayString(TypeFormat)}{(bases.Count == 0 ? "" : " : " + string.Join(", ", bases))}";
        foreach (var member in type.GetMembers().OrderBy(static member => member.Name, StringComparer.Ordinal).ThenBy(static member => member.ToDisplayString(MemberFormat), StringComparer.Ordinal))
        {
            if (IsShown(member) && !member.IsImplicitlyDeclared && member is not (INamedTypeSymbol or IMethodSymbol { AssociatedSymbol: not null }))
            {
                yield return "    " + member.ToDisplayString(MemberFormat);
            }
        }
    }

    private static bool IsShown(ISymbol symbol) => symbol.DeclaredAccessibility is Accessibility.Public
        || (symbol.DeclaredAccessibility is Accessibility.Protected or Accessibility.ProtectedOrInternal && symbol.ContainingType is { IsSealed: false });
}
