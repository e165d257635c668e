namespace Tidings.AspNetCore.Contract;

/// <summary>Names of types in the document: <c>Line</c>, <c>PageOfLine</c>, and <c>LineInput</c> for what clients say; of two types with one name the second has a number.</summary>
internal sealed class SchemaNames
{
    private readonly Dictionary<(Type, bool), string> _names = [];
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    public string Of(Type type, bool isInput)
    {
        if (_names.TryGetValue((type, isInput), out var known))
        {
            return known;
        }

        var name = Plain(type) + (isInput ? "Input" : "");
        var unique = name;
        for (var i = 2; !_taken.Add(unique); i++)
        {
            unique = name + i;
        }

        return _names[(type, isInput)] = unique;
    }

    private static string Plain(Type type)
    {
        if (type.IsArray)
        {
            return Plain(type.GetElementType()!) + "Array";
        }

        return type.IsGenericType
            ? $"{type.Name.Split('`')[0]}Of{string.Join("And", type.GetGenericArguments().Select(Plain))}"
            : type.Name;
    }
}
