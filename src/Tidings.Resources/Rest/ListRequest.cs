using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tidings.EntityFrameworkCore.Resources;

namespace Tidings.Resources.Rest;

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
    /// <param name="text">The text.</param>
    /// <param name="column">Whose value it is.</param>
    /// <param name="value">What it is.</param>
    /// <param name="fault">What is wrong with it; null where nothing is.</param>
    public static bool TryTake(string text, ResourceColumn column, out object? value, [NotNullWhen(false)] out string? fault)
    {
        if (column is { Type.Name: nameof(String), IsNullable: false } || (column.Type == typeof(string) && text.Length > 0))
        {
            return column.TryTake(text, out value, out fault);
        }

        if (column.IsNullable && text.Length == 0)
        {
            (value, fault) = (null, null);
            return true;
        }

        // 7 and true are JSON by themselves; dates, ids and names of enumerations are JSON strings.
        using var quoted = JsonDocument.Parse(JsonSerializer.Serialize(text, TextJson.Default.String));
        JsonDocument? bare = null;
        try
        {
            bare = JsonDocument.Parse(text);
        }
        catch (JsonException)
        {
            // A text, then.
        }

        using (bare)
        {
            return (bare is not null && column.TryTake(bare.RootElement, out value, out fault)) || column.TryTake(quoted.RootElement, out value, out fault);
        }
    }

    private static (int, object?) Filter(string name, string text, Resource resource)
    {
        var index = resource.IndexOf(name);
        if (index < 0)
        {
            throw RestFault.BadRequest($"\"{Shortened(name)}\" is no member of {resource.Name}, nor one of limit, offset and sort.");
        }

        if (!resource.Columns[index].Rules.CanFilter)
        {
            throw RestFault.BadRequest($"Rows cannot be filtered by {name}.");
        }

        return TryTake(text, resource.Columns[index], out var value, out var fault) ? (index, value) : throw RestFault.BadRequest($"The value of {name} does not fit: {fault}");
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

            if (!resource.Columns[index].Rules.CanSort)
            {
                throw RestFault.BadRequest($"Rows cannot be sorted by {Shortened(part.TrimStart('-'))} on this database.");
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
