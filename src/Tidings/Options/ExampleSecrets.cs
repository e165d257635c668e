using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace Tidings.Options;

/// <summary>Refuses secrets that stood in a documentation, which everybody knows.</summary>
internal static class ExampleSecrets
{
    // Those of ours, of the frameworks and vendors whose clients speak to us, and what people type in their place.
    private static readonly HashSet<string> Known = new(
        [
            "0123456789abcdef", "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "fedcba9876543210", "1234567890123456", "12345678901234567890123456789012", "your-256-bit-secret", "your-384-bit-secret", "your-512-bit-secret",
            "your-secret-key-here", "a-string-secret-at-least-256-bits-long", "changeme-changeme", "changemechangeme", "change-me-change-me", "secret-secret-secret",
        ],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>Every secret option below a group that holds one of them.</summary>
    /// <param name="options">The group.</param>
    /// <param name="key">Its key, with the colon at its end.</param>
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "The groups are properties of the options' classes, which are kept.")]
    public static IEnumerable<string> Faults(object options, string key)
    {
        foreach (var property in options.GetType().GetProperties())
        {
            var value = property.GetIndexParameters().Length == 0 ? property.GetValue(options) : null;
            foreach (var fault in Faults(property, value, key + property.Name))
            {
                yield return fault;
            }
        }
    }

    private static IEnumerable<string> Faults(PropertyInfo property, object? value, string key) => value switch
    {
        string text => OptionFault.IsSecret(property) && Known.Contains(text)
            ? [$"{key} is a secret of a documentation, which everybody knows; it must be one of your own, as openssl rand -hex 32 makes it."]
            : [],
        IEnumerable list => list.Cast<object>().Index().SelectMany(item => item.Item is string ? Faults(property, item.Item, $"{key}:{item.Index}") : Faults(item.Item, $"{key}:{item.Index}:")),
        not null when !property.CanWrite && IsGroup(property) => Faults(value, key + ":"),
        _ => [],
    };

    // Groups are classes of ours: of the engine, or of the program that has more of them.
    private static bool IsGroup(PropertyInfo property) =>
        property.PropertyType.Assembly == typeof(ExampleSecrets).Assembly || property.PropertyType.Assembly == property.DeclaringType!.Assembly;
}
