using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Tidings.EntityFrameworkCore.Resources;

/// <summary>One value of an entity that a resource knows: a member that it shows, or one that it only decides by.</summary>
internal sealed class ResourceColumn(PropertyInfo property, string jsonName, JsonTypeInfo contract, ColumnRules rules, bool isShown)
{
    /// <summary>The property of the entity, wherever in its hierarchy it is declared.</summary>
    public PropertyInfo Property => property;

    /// <summary>The property's name, in the model, too.</summary>
    public string PropertyName => property.Name;

    /// <summary>Its name in JSON.</summary>
    public JsonEncodedText JsonName { get; } = JsonEncodedText.Encode(jsonName, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping);

    public Type Type => property.PropertyType;

    /// <summary>Whether it is among the named members.</summary>
    public bool IsShown => isShown;

    public bool IsNullable { get; init; }

    /// <summary>How the database keeps and compares its values.</summary>
    public ColumnRules Rules => rules;

    public void Write(Utf8JsonWriter writer, object? value)
    {
        if (value is null)
        {
            writer.WriteNullValue();
        }
        else
        {
            JsonSerializer.Serialize(writer, rules.Shown(value), contract);
        }
    }

    /// <summary>Reads a value that this program wrote, on whatever node.</summary>
    /// <exception cref="JsonException">It does not fit.</exception>
    public object? Read(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Null)
        {
            return IsNullable ? null : throw new JsonException("This must not be null.");
        }

        return json.Deserialize(contract);
    }

    /// <summary>Reads a value from outside, as the database takes it.</summary>
    /// <param name="json">The value.</param>
    /// <param name="value">What it is.</param>
    /// <param name="fault">What is wrong with it, in a sentence; null where nothing is.</param>
    public bool TryTake(JsonElement json, out object? value, [NotNullWhen(false)] out string? fault)
    {
        (value, fault) = (null, null);
        if (json.ValueKind == JsonValueKind.Null)
        {
            fault = IsNullable ? null : "This must not be null.";
            return fault is null;
        }

        try
        {
            value = json.Deserialize(contract);
        }
        catch (Exception error) when (error is JsonException or FormatException or InvalidOperationException or NotSupportedException)
        {
            fault = "The value does not fit.";
            return false;
        }

        return TryTake(ref value, out fault);
    }

    /// <summary>Takes a text from outside as the value of a column of text.</summary>
    /// <inheritdoc cref="TryTake(JsonElement, out object?, out string?)"/>
    public bool TryTake(string text, out object? value, [NotNullWhen(false)] out string? fault)
    {
        value = text;
        return TryTake(ref value, out fault);
    }

    private bool TryTake(ref object? value, [NotNullWhen(false)] out string? fault)
    {
        try
        {
            value = rules.Accept(value);
            fault = null;
            return true;
        }
        catch (JsonException error)
        {
            fault = error.Message;
            return false;
        }
    }
}
