using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore.Metadata;
using Tidings.AspNetCore.Api;
using Tidings.EntityFrameworkCore.Resources;

namespace Tidings.Resources.Rest;

/// <summary>The members that a request writes: named members of the resource, and nothing else of the entity.</summary>
internal sealed class RowBody(Resource resource, Dictionary<int, object?> values)
{
    private const int LargestBody = 1024 * 1024;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    public IReadOnlyDictionary<int, object?> Values => values;

    /// <exception cref="RestFault">The body is too large, no JSON, or does not fit.</exception>
    public static async Task<RowBody> ReadAsync(HttpContext context, Resource resource)
    {
        if (!context.Request.HasJsonContentType())
        {
            throw new RestFault(TypedResults.Problem("The body must be JSON, and Content-Type must say so.", statusCode: StatusCodes.Status415UnsupportedMediaType, extensions: [new("code", "bad_request")]));
        }

        var (body, refusal) = await ApiBody.ReadAsync(context, LargestBody);
        if (refusal is not null)
        {
            throw new RestFault(refusal);
        }

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body, Options);
        }
        catch (JsonException)
        {
            throw RestFault.BadRequest("Invalid JSON format");
        }

        using (document)
        {
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new RowBody(resource, Read(document.RootElement, resource))
                : throw RestFault.BadRequest("The body must be an object.");
        }
    }

    /// <summary>Refuses a body that leaves out what a whole row needs.</summary>
    /// <exception cref="RestFault">Members are missing.</exception>
    public void RequireAll(IEntityType type)
    {
        var errors = new Dictionary<string, string[]>();
        for (var i = 0; i < resource.Columns.Count; i++)
        {
            var column = resource.Columns[i];
            var property = type.FindProperty(column.PropertyName)!;
            if (column.IsShown && !column.IsNullable && i != resource.KeyIndex && !values.ContainsKey(i)
                && property is { IsConcurrencyToken: false, ValueGenerated: ValueGenerated.Never })
            {
                errors[column.JsonName.Value] = ["This member is required."];
            }
        }

        if (errors.Count > 0)
        {
            throw RestFault.Invalid(errors);
        }
    }

    /// <summary>Writes the members into an entity, and checks it as a whole.</summary>
    /// <exception cref="RestFault">The entity's own rules don't allow it.</exception>
    public void WriteTo(object entity, Func<int, bool> writes, IServiceProvider services)
    {
        foreach (var (index, value) in values)
        {
            if (writes(index))
            {
                PropertyOf(index).SetValue(entity, value);
            }
        }

        var results = new List<ValidationResult>();
        if (!Validator.TryValidateObject(entity, new ValidationContext(entity, services, items: null), results, validateAllProperties: true))
        {
            throw RestFault.Invalid(results
                .SelectMany(result => result.MemberNames.DefaultIfEmpty("").Select(member => (Member: NameOf(member), result.ErrorMessage)))
                .GroupBy(static fault => fault.Member)
                .ToDictionary(static faults => faults.Key, static faults => faults.Select(static fault => fault.ErrorMessage ?? "This is not valid.").ToArray()));
        }
    }

    private static Dictionary<int, object?> Read(JsonElement body, Resource resource)
    {
        var values = new Dictionary<int, object?>();
        var errors = new Dictionary<string, string[]>();
        foreach (var member in body.EnumerateObject())
        {
            var index = resource.IndexOf(member.Name);
            if (index < 0)
            {
                errors[member.Name.Length <= 64 ? member.Name : member.Name[..64]] = ["There is no such member."];
                break;
            }

            var column = resource.Columns[index];
            if (!column.TryTake(member.Value, out var value, out var fault) || (fault = column.Rules.Misfit(value)) is not null)
            {
                errors[member.Name] = [fault];
                continue;
            }

            values[index] = value;
        }

        return errors.Count == 0 ? values : throw RestFault.Invalid(errors);
    }

    private PropertyInfo PropertyOf(int index)
    {
        var property = resource.Columns[index].Property;
        return property.CanWrite ? property : throw RestFault.Invalid(new Dictionary<string, string[]> { [resource.Columns[index].JsonName.Value] = ["This member cannot be written."] });
    }

    // A rule may speak of members that clients don't see.
    private string NameOf(string member)
    {
        foreach (var column in resource.Columns)
        {
            if (column.IsShown && column.PropertyName == member)
            {
                return column.JsonName.Value;
            }
        }

        return "";
    }
}
