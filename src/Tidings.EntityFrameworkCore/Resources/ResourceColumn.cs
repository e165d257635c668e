using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Tidings.EntityFrameworkCore.Resources;

/// <summary>One value of an entity that a resource knows: a member that it shows, or one that it only decides by.</summary>
internal sealed class ResourceColumn(string propertyName, string jsonName, Type type, JsonTypeInfo contract, bool isShown)
{
    /// <summary>The property of the entity.</summary>
    public string PropertyName => propertyName;

    /// <summary>Its name in JSON.</summary>
    public JsonEncodedText JsonName { get; } = JsonEncodedText.Encode(jsonName, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping);

    public Type Type => type;

    /// <summary>Whether it is among the named members.</summary>
    public bool IsShown => isShown;

    public bool IsNullable { get; init; }

    public void Write(Utf8JsonWriter writer, object? value)
    {
        if (value is null)
        {
            writer.WriteNullValue();
        }
        else
        {
            JsonSerializer.Serialize(writer, value, contract);
        }
    }

    /// <summary>Reads a value from outside.</summary>
    /// <exception cref="JsonException">It does not fit.</exception>
    public object? Read(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Null)
        {
            return IsNullable ? null : throw new JsonException("This must not be null.");
        }

        return json.Deserialize(contract);
    }
}
