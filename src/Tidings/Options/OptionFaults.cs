using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace Tidings.Options;

/// <summary>Finds values that lie outside the <see cref="OptionRangeAttribute"/> of their option, or are none of its names.</summary>
internal static class OptionFaults
{
    /// <summary>The faults of one group of options, each under its key.</summary>
    /// <param name="options">The group; groups inside it are not looked into.</param>
    /// <param name="group">Its key, with the colon at its end.</param>
    public static IEnumerable<string> Of<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] T>(T options, string group)
    {
        foreach (var property in typeof(T).GetProperties())
        {
            var isSize = OptionValue.IsSize(property);
            if (property.GetValue(options) is { } value && Right(property, value, isSize) is { } right)
            {
                yield return OptionFault.Of(property, group + property.Name, OptionValue.Write(value, isSize), right);
            }
        }
    }

    // What would be right, where it is not.
    private static string? Right(PropertyInfo property, object value, bool isSize) =>
        property.GetCustomAttribute<OptionRangeAttribute>() is { } range && !range.Allows(value, isSize) ? range.ToString()
        : value is Enum && !Enum.IsDefined(value.GetType(), value) ? "one of " + OptionValue.Form(value.GetType(), isSize: false)
        : null;
}
