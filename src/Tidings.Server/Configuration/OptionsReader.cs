using System.Collections;
using System.Reflection;
using Tidings.Options;

namespace Tidings.Server.Configuration;

/// <summary>Reads an options tree from the configuration, and finds every fault in it at once: unknown keys and wrong values.</summary>
internal sealed class OptionsReader
{
    private readonly List<string> _faults = [];

    /// <summary>What is wrong, each with its key.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Sets the properties of each of <paramref name="targets"/> from the keys of <paramref name="section"/>.</summary>
    public void Read(IConfigurationSection section, params object[] targets)
    {
        var known = targets
            .SelectMany(target => target.GetType().GetProperties().Select(property => (Target: target, Property: property)))
            .Where(option => !targets.Contains(option.Property.GetValue(option.Target)))
            .ToDictionary(option => option.Property.Name, StringComparer.OrdinalIgnoreCase);
        foreach (var child in section.GetChildren())
        {
            if (known.TryGetValue(child.Key, out var option))
            {
                ReadOption(child, option.Target, option.Property);
            }
            else
            {
                _faults.Add($"{child.Path} is no option.{Suggestion(child.Key, known.Keys)}");
            }
        }
    }

    private static string Suggestion(string key, IEnumerable<string> known)
    {
        var nearest = known.MinBy(name => Distance(name.ToUpperInvariant(), key.ToUpperInvariant()));
        return nearest is null ? "" : $" Did you mean {nearest}? The options here are: {string.Join(", ", known.Order())}.";
    }

    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0]++;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = row[j];
                row[j] = cost;
            }
        }

        return row[^1];
    }

    private void ReadOption(IConfigurationSection section, object target, PropertyInfo property)
    {
        if (property.GetValue(target) is IList list && property.PropertyType.IsGenericType)
        {
            ReadList(section, list, property);
        }
        else if (!property.CanWrite)
        {
            if (section.Value is { Length: > 0 })
            {
                // Not the value: the group may have secrets, and one of them may be meant.
                _faults.Add($"{section.Path} is a group of options; it must not have a value of its own.");
            }

            Read(section, property.GetValue(target)!);
        }
        else if (section.GetChildren().Any())
        {
            _faults.Add($"{section.Path} is a group; it must be {OptionValue.Form(property.PropertyType, OptionValue.IsSize(property))}.");
        }
        else if (string.IsNullOrWhiteSpace(section.Value))
        {
            // Empty is unset, as in an environment that declares a variable without a value.
        }
        else if (OptionValue.TryParse(section.Value, property.PropertyType, OptionValue.IsSize(property), out var value))
        {
            property.SetValue(target, value);
        }
        else
        {
            _faults.Add(OptionFault.Of(property, section.Path, section.Value, OptionValue.Form(property.PropertyType, OptionValue.IsSize(property))));
        }
    }

    private void ReadList(IConfigurationSection section, IList list, PropertyInfo property)
    {
        var type = property.PropertyType.GetGenericArguments()[0];
        if (section.Value is { Length: > 0 })
        {
            _faults.Add($"{section.Path} is a list: write {section.Path}:0, {section.Path}:1 and so on.");
            return;
        }

        foreach (var item in section.GetChildren())
        {
            if (type.IsClass && type != typeof(string))
            {
                var options = Activator.CreateInstance(type)!;
                Read(item, options);
                list.Add(options);
            }
            else if (item.Value is { } text && OptionValue.TryParse(text, type, isSize: false, out var value))
            {
                list.Add(value);
            }
            else
            {
                _faults.Add(OptionFault.Of(property, item.Path, item.Value, OptionValue.Form(type, isSize: false)));
            }
        }
    }
}
