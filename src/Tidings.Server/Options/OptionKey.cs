using System.Collections;
using System.Reflection;
using Tidings.Options;

namespace Tidings.Server.Options;

/// <summary>One option with its value: what the reader reads and the configuration page lists.</summary>
/// <param name="Path">Its key.</param>
/// <param name="Property">Where it is declared.</param>
/// <param name="Value">What it is set to; null where it is not.</param>
internal sealed record OptionKey(string Path, PropertyInfo Property, object? Value)
{
    public bool IsSecret => OptionFault.IsSecret(Property);

    /// <summary>Whether changes take effect without a restart.</summary>
    public bool IsReloadable => Property.IsDefined(typeof(ReloadableAttribute)) || Property.DeclaringType!.IsDefined(typeof(ReloadableAttribute));

    /// <summary>All options of the standalone server, group by group; items of lists by their number, an empty list by its own key.</summary>
    public static IEnumerable<OptionKey> All(ServerOptions options) =>
        Group("Tidings", options.Tidings).Concat(Group("Tidings", options).Where(key => key.Value != options.Tidings));

    private static IEnumerable<OptionKey> Group(string path, object group) =>
        group.GetType().GetProperties().SelectMany(property => Keys($"{path}:{property.Name}", property, property.GetValue(group)));

    private static IEnumerable<OptionKey> Keys(string path, PropertyInfo property, object? value) => value switch
    {
        IList { Count: 0 } => [new OptionKey(path, property, null)],
        IList list => list.Cast<object>().SelectMany((item, index) => item is string or Enum
            ? [new OptionKey($"{path}:{index}", property, item)]
            : Group($"{path}:{index}", item)),
        not null and not TidingsOptions when !property.CanWrite => Group(path, value),
        _ => [new OptionKey(path, property, value)],
    };
}
