using System.Globalization;
using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tidings.EntityFrameworkCore.Resources;

namespace Tidings.EntityFrameworkCore.Rest;

/// <summary>What the query of a list asks for, checked and bounded.</summary>
internal static class ListRequest
{
    public const int MostRows = 1000;
    public const int UsualRows = 100;
    private const int FurthestOffset = 1_000_000;

    /// <exception cref="RestFault">It cannot be done.</exception>
    public static RowQuery Read(HttpRequest request, Resource resource, ClaimsPrincipal user)
    {
        var equal = new List<(int, object?)>();
        var order = new List<(int, bool)>();
        var (limit, offset) = (UsualRows, 0);
        foreach (var (name, values) in request.Query)
        {
            if (values is not [{ } text])
            {
                throw RestFault.BadRequest($"{Shortened(name)} may occur once.");
            }

            switch (name)
            {
                case "limit":
                    limit = Number(text, "limit", 1, MostRows);
                    break;
                case "offset":
                    offset = Number(text, "offset", 0, FurthestOffset);
                    break;
                case "sort":
                    order = Sort(text, resource);
                    break;
                default:
                    equal.Add(Filter(name, text, resource));
                    break;
            }
        }

        return new RowQuery(user) { Equal = equal, Order = order, Skip = offset, Limit = limit };
    }

    /// <summary>Reads a value that is not JSON, as it stands in addresses.</summary>
    /// <exception cref="JsonException">It does not fit.</exception>
    public static object? Value(string text, ResourceColumn column)
    {
        if (Nullable.GetUnderlyingType(column.Type) is null && column.Type == typeof(string))
        {
            return text;
        }

        if (column.IsNullable && text.Length == 0)
        {
            return null;
        }

        // 7 and true are JSON by themselves; dates, ids and names of enumerations are JSON strings.
        foreach (var json in new[] { text, JsonSerializer.Serialize(text, TextJson.Default.String) })
        {
            try
            {
                using var document = JsonDocument.Parse(json);
                return column.Read(document.RootElement);
            }
            catch (Exception error) when (error is JsonException or FormatException or InvalidOperationException or NotSupportedException)
            {
                // The other form, then.
            }
        }

        throw new JsonException();
    }

    private static (int, object?) Filter(string name, string text, Resource resource)
    {
        var index = resource.IndexOf(name);
        if (index < 0)
        {
            throw RestFault.BadRequest($"\"{Shortened(name)}\" is no member of {resource.Name}, nor one of limit, offset and sort.");
        }

        try
        {
            return (index, Value(text, resource.Columns[index]));
        }
        catch (JsonException)
        {
            throw RestFault.BadRequest($"The value of {name} does not fit.");
        }
    }

    private static List<(int, bool)> Sort(string text, Resource resource)
    {
        var order = new List<(int, bool)>();
        foreach (var part in text.Split(','))
        {
            var descending = part.StartsWith('-');
            var index = resource.IndexOf(descending ? part[1..] : part);
            if (index < 0 || order.Exists(other => other.Item1 == index))
            {
                throw RestFault.BadRequest("sort must be members separated by commas, each once, with - before those that go down.");
            }

            order.Add((index, descending));
        }

        return order;
    }

    private static int Number(string text, string name, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw RestFault.BadRequest(string.Create(CultureInfo.InvariantCulture, $"{name} must be a whole number from {least} to {most}."));

    private static string Shortened(string name) => name.Length <= 64 ? name : name[..64];
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string))]
internal sealed partial class TextJson : System.Text.Json.Serialization.JsonSerializerContext;
